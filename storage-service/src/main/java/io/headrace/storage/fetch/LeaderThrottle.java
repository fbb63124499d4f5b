package io.headrace.storage.fetch;

import io.headrace.protocol.config.BrokerConfigNames;
import io.headrace.protocol.config.TopicConfigs;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.storage.config.NodeRates;

import org.apache.kafka.common.TopicIdPartition;

import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Keeps the bytes that this node, as a leader, sends to replicas out of sync below {@code
 * leader.replication.throttled.rate}, for the partitions that {@code
 * leader.replication.throttled.replicas} of their topic names with this node (KIP-73). Any thread.
 */
final class LeaderThrottle {
    private static final double NANOS_PER_SECOND = 1e9;

    private final int nodeId;
    private final Supplier<MetadataImage> image;
    private final LongSupplier nanoClock;
    private long paidUntilNanos;

    LeaderThrottle(int nodeId, Supplier<MetadataImage> image, LongSupplier nanoClock) {
        this.nodeId = nodeId;
        this.image = image;
        this.nanoClock = nanoClock;
        this.paidUntilNanos = nanoClock.getAsLong();
    }

    /** Whether the replica gets no records now; it is told all else. */
    boolean holds(TopicIdPartition id, int replicaId) {
        MetadataImage now = image.get();
        if (rate(now) <= 0 || !isThrottled(now, id, replicaId)) {
            return false;
        }
        synchronized (this) {
            return nanoClock.getAsLong() - paidUntilNanos < 0;
        }
    }

    /** Counts records that are sent. */
    void onSent(TopicIdPartition id, int replicaId, int bytes) {
        MetadataImage now = image.get();
        long rate = rate(now);
        if (rate <= 0 || !isThrottled(now, id, replicaId)) {
            return;
        }
        synchronized (this) {
            long nowNanos = nanoClock.getAsLong();
            long from = paidUntilNanos - nowNanos > 0 ? paidUntilNanos : nowNanos;
            paidUntilNanos = from + (long) (bytes * NANOS_PER_SECOND / rate);
        }
    }

    private long rate(MetadataImage now) {
        return NodeRates.of(now, nodeId, BrokerConfigNames.LEADER_THROTTLED_RATE, 0);
    }

    private boolean isThrottled(MetadataImage now, TopicIdPartition id, int replicaId) {
        List<String> replicas =
                TopicConfigs.listItems(
                        now.configsOf(ConfigResourceKey.topic(id.topic()))
                                .getOrDefault(
                                        TopicConfigs.LEADER_REPLICATION_THROTTLED_REPLICAS, ""));
        boolean named =
                replicas.contains("*") || replicas.contains(id.partition() + ":" + nodeId);
        PartitionImage partition = named ? now.partition(id.topicId(), id.partition()) : null;
        return partition != null
                && partition.isr().stream().noneMatch(member -> member.nodeId() == replicaId);
    }
}
