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
 * Keeps the bytes that replicas out of sync copy to this node below a rate: those of replicas that
 * {@code follower.replication.throttled.replicas} of their topic names below {@code
 * follower.replication.throttled.rate} (KIP-73), and those of replicas that are being moved here,
 * by whomever, below {@code headrace.reassignment.max.bytes.per.second}. Any thread.
 */
final class FollowerThrottle {
    private final int nodeId;
    private final Supplier<MetadataImage> image;
    private final LongSupplier nanoClock;
    private final Account named = new Account();
    private final Account moving = new Account();

    FollowerThrottle(int nodeId, Supplier<MetadataImage> image, LongSupplier nanoClock) {
        this.nodeId = nodeId;
        this.image = image;
        this.nanoClock = nanoClock;
    }

    /** Bytes that are paid for by waiting; waiting earns no credit. */
    private static final class Account {
        private long paidUntilNanos;
        private boolean used;

        synchronized long pauseMsAfter(int bytes, long rate, long nowNanos) {
            long from = used ? Math.max(nowNanos, paidUntilNanos) : nowNanos;
            used = true;
            paidUntilNanos = from + (long) (bytes * 1e9 / rate);
            return TimeUnit.NANOSECONDS.toMillis(paidUntilNanos - nowNanos);
        }
    }

    /**
     * Counts bytes that were copied.
     *
     * @return how long the replica is to wait before it copies more, 0 for not at all
     */
    long pauseMsAfter(TopicIdPartition id, int bytes) {
        MetadataImage now = image.get();
        long namedRate = NodeRates.of(now, nodeId, BrokerConfigNames.FOLLOWER_THROTTLED_RATE, 0);
        long movingRate = NodeRates.of(now, nodeId, BrokerConfigNames.REASSIGNMENT_RATE, 0);
        if (namedRate <= 0 && movingRate <= 0) {
            return 0;
        }
        PartitionImage partition = now.partition(id.topicId(), id.partition());
        if (partition == null
                || partition.isr().stream().anyMatch(member -> member.nodeId() == nodeId)) {
            return 0;
        }
        long nowNanos = nanoClock.getAsLong();
        long pauseMs = 0;
        if (namedRate > 0 && isNamed(now, id)) {
            pauseMs = named.pauseMsAfter(bytes, namedRate, nowNanos);
        }
        if (movingRate > 0 && partition.addingReplicas().contains(nodeId)) {
            pauseMs = Math.max(pauseMs, moving.pauseMsAfter(bytes, movingRate, nowNanos));
        }
        return pauseMs;
    }

    private boolean isNamed(MetadataImage now, TopicIdPartition id) {
        List<String> replicas =
                TopicConfigs.listItems(
                        now.configsOf(ConfigResourceKey.topic(id.topic()))
                                .getOrDefault(
                                        TopicConfigs.FOLLOWER_REPLICATION_THROTTLED_REPLICAS, ""));
        return replicas.contains("*") || replicas.contains(id.partition() + ":" + nodeId);
    }
}
