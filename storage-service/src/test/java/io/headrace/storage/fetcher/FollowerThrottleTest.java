package io.headrace.storage.fetcher;

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

class FollowerThrottleTest {
    private static final Uuid TOPIC_ID = new Uuid(1, 2);
    private long nowNanos = 5;

    private FollowerThrottle throttle(String replicas, int inSync) {
        MetadataImage image =
                MetadataImage.EMPTY.applyAll(
                        List.of(
                                new TopicRecord().setName("t").setTopicId(TOPIC_ID),
                                config(2, "t", "follower.replication.throttled.replicas", replicas),
                                config(4, "", "follower.replication.throttled.rate", "1000"),
                                partition(inSync)),
                        4);
        return new FollowerThrottle(2, () -> image, () -> nowNanos);
    }

    private static ConfigRecord config(int type, String resource, String name, String value) {
        return new ConfigRecord()
                .setResourceType((byte) type)
                .setResourceName(resource)
                .setName(name)
                .setValue(value);
    }

    private static final TopicIdPartition ID = new TopicIdPartition(TOPIC_ID, 0, "t");

    @Test
    void bytesOfANamedReplicaOutOfSyncTakeTheirTime() {
        FollowerThrottle throttle = throttle("0:2", 1);
        assertThat(throttle.pauseMsAfter(ID, 500)).isEqualTo(500);
        assertThat(throttle.pauseMsAfter(ID, 500)).isEqualTo(1_000);
        nowNanos += TimeUnit.SECONDS.toNanos(3);
        assertThat(throttle.pauseMsAfter(ID, 100)).isEqualTo(100);
    }

    @Test
    void replicasThatAreBeingMovedHereWaitWithoutBeingNamed() {
        FollowerThrottle throttle = moving(2, 1);
        assertThat(throttle.pauseMsAfter(ID, 500)).isEqualTo(250);
        assertThat(throttle.pauseMsAfter(ID, 500)).isEqualTo(500);
        assertThat(moving(1, 1).pauseMsAfter(ID, 500)).as("moved elsewhere").isZero();
        assertThat(moving(2, 2).pauseMsAfter(ID, 500)).as("in sync already").isZero();
    }

    /** To that node at 2,000 bytes a second, out of sync unless it is named. */
    private FollowerThrottle moving(int to, int inSync) {
        MetadataImage image =
                MetadataImage.EMPTY.applyAll(
                        List.of(
                                new TopicRecord().setName("t").setTopicId(TOPIC_ID),
                                config(
                                        4,
                                        "2",
                                        "headrace.reassignment.max.bytes.per.second",
                                        "2000"),
                                partition(inSync).setAddingReplicas(List.of(to))),
                        4);
        return new FollowerThrottle(2, () -> image, () -> nowNanos);
    }

    private static PartitionRecord partition(int inSync) {
        return new PartitionRecord()
                .setTopicId(TOPIC_ID)
                .setReplicas(List.of(1, 2))
                .setIsr(List.of(new PartitionRecord.IsrMember().setNodeId(inSync)));
    }

    @Test
    void othersDoNotWait() {
        assertThat(throttle("0:1,1:2", 1).pauseMsAfter(ID, 500)).isZero();
        assertThat(throttle("*", 2).pauseMsAfter(ID, 500)).isZero();
    }

    @Test
    void aStarNamesAllReplicas() {
        assertThat(throttle("*", 1).pauseMsAfter(ID, 10)).isEqualTo(10);
    }
}
