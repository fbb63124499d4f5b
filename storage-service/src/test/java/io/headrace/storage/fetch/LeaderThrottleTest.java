package io.headrace.storage.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.record.ConfigRecord;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.protocol.metadata.record.TopicRecord;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.concurrent.TimeUnit;

/** Goal: only replicas out of sync, of partitions that are named, wait for their rate (KIP-73). */
final class LeaderThrottleTest {
    private static final Uuid TOPIC_ID = new Uuid(3, 4);
    private static final TopicIdPartition ID = new TopicIdPartition(TOPIC_ID, 0, "t");

    private long nowNanos = 5;

    private LeaderThrottle throttle(String replicas) {
        MetadataImage image =
                MetadataImage.EMPTY.applyAll(
                        List.of(
                                new TopicRecord().setName("t").setTopicId(TOPIC_ID),
                                config(2, "t", "leader.replication.throttled.replicas", replicas),
                                config(4, "1", "leader.replication.throttled.rate", "1000"),
                                new PartitionRecord()
                                        .setTopicId(TOPIC_ID)
                                        .setReplicas(List.of(1, 2, 3))
                                        .setIsr(
                                                List.of(
                                                        new PartitionRecord.IsrMember()
                                                                .setNodeId(1),
                                                        new PartitionRecord.IsrMember()
                                                                .setNodeId(3)))),
                        4);
        return new LeaderThrottle(1, () -> image, () -> nowNanos);
    }

    private static ConfigRecord config(int type, String resource, String name, String value) {
        return new ConfigRecord()
                .setResourceType((byte) type)
                .setResourceName(resource)
                .setName(name)
                .setValue(value);
    }

    @Test
    void aReplicaOutOfSyncWaitsUntilWhatItGotIsPaidFor() {
        for (String replicas : List.of("0:1", "*", "3:1,0:1")) {
            LeaderThrottle throttle = throttle(replicas);
            assertThat(throttle.holds(ID, 2)).isFalse();
            throttle.onSent(ID, 2, 500);
            assertThat(throttle.holds(ID, 2)).isTrue();
            nowNanos += TimeUnit.MILLISECONDS.toNanos(499);
            assertThat(throttle.holds(ID, 2)).isTrue();
            nowNanos += TimeUnit.MILLISECONDS.toNanos(2);
            assertThat(throttle.holds(ID, 2)).isFalse();
        }
    }

    @Test
    void othersDoNotWait() {
        for (String replicas : List.of("0:2", "1:1", "")) {
            LeaderThrottle throttle = throttle(replicas);
            throttle.onSent(ID, 2, 500);
            assertThat(throttle.holds(ID, 2)).isFalse();
        }
        LeaderThrottle throttle = throttle("*");
        throttle.onSent(ID, 3, 500); // in sync
        assertThat(throttle.holds(ID, 3)).isFalse();
        assertThat(throttle.holds(ID, 2)).isFalse();
    }
}
