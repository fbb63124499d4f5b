package io.headrace.coordinator.group.offset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.coordinator.group.record.OffsetKey;
import io.headrace.coordinator.group.record.OffsetValue;
import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.protocol.codec.MessageWriter;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Message;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.List;

/** The records that are written by hand are, byte by byte, those of the generated classes. */
class OffsetRecordsTest {
    private static final List<String> TEXTS = List.of("", "a", "größe-读", "x".repeat(3_000));
    private static final Uuid TOPIC_ID = new Uuid(0x0123456789abcdefL, -3);

    @Test
    void keysAreThoseOfTheSchema() {
        for (String group : TEXTS) {
            for (String topic : TEXTS) {
                for (int partition : new int[] {0, 7, 70_000, Integer.MAX_VALUE}) {
                    OffsetKey key =
                            new OffsetKey().setGroup(group).setTopic(topic).setPartition(partition);
                    ShardRecord written =
                            new OffsetRecords.Writer(group, topic)
                                    .committed(partition, offset("", -1, TOPIC_ID));
                    assertThat(written.key())
                            .isEqualTo(prefixed(OffsetRecords.TYPE, key, (short) 0));
                    assertThat(OffsetRecords.deleted(group, topic, partition).key())
                            .isEqualTo(written.key());
                }
            }
        }
    }

    @Test
    void valuesAreThoseOfTheSchemaInEveryVersionThatIsWritten() {
        for (String metadata : TEXTS) {
            assertThatValueIsOfTheSchema(offset(metadata, -1, TOPIC_ID), (short) 4);
            assertThatValueIsOfTheSchema(offset(metadata, -1, Uuid.ZERO_UUID), (short) 3);
            assertThatValueIsOfTheSchema(offset(metadata, 99_000, TOPIC_ID), (short) 1);
        }
    }

    private static void assertThatValueIsOfTheSchema(CommittedOffset committed, short version) {
        OffsetValue value =
                new OffsetValue()
                        .setOffset(committed.offset())
                        .setLeaderEpoch(committed.leaderEpoch())
                        .setMetadata(committed.metadata())
                        .setCommitTimestamp(committed.commitTimestampMs())
                        .setExpireTimestamp(committed.expireTimestampMs())
                        .setTopicId(committed.topicId());
        assertThat(new OffsetRecords.Writer("g", "t").committed(3, committed).value())
                .isEqualTo(prefixed(version, value, version));
    }

    @Test
    void aTextTooLongForItsLengthFieldIsRefused() {
        assertThatThrownBy(() -> new OffsetRecords.Writer("g".repeat(32_768), "t"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("32768");
    }

    private static CommittedOffset offset(String metadata, long expireTimestampMs, Uuid topicId) {
        return new CommittedOffset(
                Long.MAX_VALUE - 5, 12, metadata, 1_700_000_000_123L, expireTimestampMs, topicId);
    }

    private static ByteBuffer prefixed(short prefix, Message message, short version) {
        ByteBuffer bytes = MessageWriter.bytes(message, version);
        return ByteBuffer.allocate(2 + bytes.remaining()).putShort(prefix).put(bytes).flip();
    }
}
