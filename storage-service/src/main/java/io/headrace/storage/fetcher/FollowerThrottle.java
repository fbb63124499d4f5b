package io.headrace.storage.fetcher;

import io.headrace.protocol.config.BrokerConfigNames;
import io.headrace.protocol.config.TopicConfigs;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.storage.config.NodeRates;

import org.apache.kafka.common.TopicIdPartition;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Keeps the bytes that replicas out of sync copy to this node below {@code
 * follower.replication.throttled.rate}, for the replicas that {@code
 * follower.replication.throttled.replicas} of their topic names (KIP-73). Any thread.
 */
final class FollowerThrottle {
    private final int nodeId;
    private final Supplier<MetadataImage> image;
    private final LongSupplier nanoClock;
    private long paidUntilNanos;
    private boolean used;

    FollowerThrottle(int nodeId, Supplier<MetadataImage> image, LongSupplier nanoClock) {
        this.nodeId = nodeId;
        this.image = image;
        this.nanoClock = nanoClock;
    }

    /**
     * Counts bytes that were copied.
     *
     * @return how long the replica is to wait before it copies more, 0 for not at all
     */
    long pauseMsAfter(TopicIdPartition id, int bytes) {
        MetadataImage now = image.get();
        long rate = rate(now);
        if (rate <= 0 || !isThrottled(now, id)) {
            return 0;
        }
        synchronized (this) {
            long nowNanos = nanoClock.getAsLong();
            long from = used ? Math.max(nowNanos, paidUntilNanos) : nowNanos;
            used = true;
            paidUntilNanos = from + (long) (bytes * 1e9 / rate);
            return TimeUnit.NANOSECONDS.toMillis(paidUntilNanos - nowNanos);
        }
    }

    private long rate(MetadataImage now) {
        return NodeRates.of(now, nodeId, BrokerConfigNames.FOLLOWER_THROTTLED_RATE, 0);
    }

    private boolean isThrottled(MetadataImage now, TopicIdPartition id) {
        List<String> replicas =
                TopicConfigs.listItems(
                        now.configsOf(ConfigResourceKey.topic(id.topic()))
                                .getOrDefault(
                                        TopicConfigs.FOLLOWER_REPLICATION_THROTTLED_REPLICAS, ""));
        boolean named = replicas.contains("*") || replicas.contains(id.partition() + ":" + nodeId);
        PartitionImage partition = now.partition(id.topicId(), id.partition());
        return named
                && partition != null
                && partition.isr().stream().noneMatch(member -> member.nodeId() == nodeId);
    }
}
