package io.headrace.coordinator.group.offset;

import io.headrace.coordinator.group.record.OffsetKey;
import io.headrace.coordinator.group.record.OffsetValue;
import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.ResponseReader;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Message;

import java.nio.ByteBuffer;

/** Committed offsets as records, in Kafka's format. */
public final class OffsetRecords {
    /** The record type that Kafka wrote at first; its key is the same. */
    public static final short OLD_TYPE = 0;

    public static final short TYPE = 1;

    private static final short KEY_VERSION = 0;

    /** The last version without tagged fields, which any Kafka tool reads. */
    private static final short PLAIN_VERSION = 3;

    private static final short EXPIRING_VERSION = 1;
    private static final short TOPIC_ID_VERSION = 4;

    private OffsetRecords() {}

    /** The record of a commit. */
    public static ShardRecord committed(
            String groupId, String topic, int partition, CommittedOffset committed) {
        OffsetValue value =
                new OffsetValue()
                        .setOffset(committed.offset())
                        .setLeaderEpoch(committed.leaderEpoch())
                        .setMetadata(committed.metadata())
                        .setCommitTimestamp(committed.commitTimestampMs())
                        .setExpireTimestamp(committed.expireTimestampMs())
                        .setTopicId(committed.topicId());
        short version = versionFor(committed);
        return new ShardRecord(key(groupId, topic, partition), prefixed(version, value, version));
    }

    /** The record that deletes a commit. */
    public static ShardRecord deleted(String groupId, String topic, int partition) {
        return new ShardRecord(key(groupId, topic, partition), null);
    }

    /** Decodes a key whose type is {@link #TYPE} or {@link #OLD_TYPE}. */
    static OffsetKey readKey(ByteBuffer key) throws MalformedFrameException {
        return ResponseReader.readInto(
                new OffsetKey(), KEY_VERSION, key.slice(key.position() + 2, key.remaining() - 2));
    }

    static CommittedOffset readValue(ByteBuffer value) throws MalformedFrameException {
        if (value.remaining() < 2) {
            throw new MalformedFrameException("A committed offset without a version");
        }
        OffsetValue read =
                ResponseReader.readInto(
                        new OffsetValue(),
                        value.getShort(value.position()),
                        value.slice(value.position() + 2, value.remaining() - 2));
        return new CommittedOffset(
                read.offset(),
                read.leaderEpoch(),
                read.metadata(),
                read.commitTimestamp(),
                read.expireTimestamp(),
                read.topicId());
    }

    private static short versionFor(CommittedOffset committed) {
        if (committed.expireTimestampMs() != CommittedOffset.NO_EXPIRY) {
            return EXPIRING_VERSION;
        }
        return committed.topicId().equals(Uuid.ZERO_UUID) ? PLAIN_VERSION : TOPIC_ID_VERSION;
    }

    private static ByteBuffer key(String groupId, String topic, int partition) {
        OffsetKey key = new OffsetKey().setGroup(groupId).setTopic(topic).setPartition(partition);
        return prefixed(TYPE, key, KEY_VERSION);
    }

    private static ByteBuffer prefixed(short prefix, Message message, short version) {
        ByteBuffer bytes = MessageWriter.bytes(message, version);
        return ByteBuffer.allocate(2 + bytes.remaining()).putShort(prefix).put(bytes).flip();
    }
}
