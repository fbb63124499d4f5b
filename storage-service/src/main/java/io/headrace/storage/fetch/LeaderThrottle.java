package io.headrace.storage.fetch;

import io.headrace.protocol.config.BrokerConfigNames;
import io.headrace.protocol.config.TopicConfigs;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.storage.config.NodeRates;

import org.apache.kafka.common.TopicIdPartition;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Keeps the bytes that this node, as a leader, sends to replicas out of sync below {@code
 * leader.replication.throttled.rate}, for the partitions that {@code
 * leader.replication.throttled.replicas} of their topic names with this node (KIP-73). What was
 * sent is paid for by waiting afterwards; waiting earns no credit. Any thread.
 */
final class LeaderThrottle {
    private static final double NANOS_PER_SECOND = 1e9;

    private final int nodeId;
    private final Supplier<MetadataImage> image;
    private final LongSupplier nanoClock;
    private volatile Rate lastRate;
    private long paidUntilNanos;

    /** What an image says; many reads come between two images, so most look nothing up. */
    private record Rate(MetadataImage image, long bytesPerSecond) {}

    LeaderThrottle(int nodeId, Supplier<MetadataImage> image, LongSupplier nanoClock) {
        this.nodeId = nodeId;
        this.image = image;
        this.nanoClock = nanoClock;
        this.paidUntilNanos = nanoClock.getAsLong();
        this.lastRate = new Rate(MetadataImage.EMPTY, 0);
    }

    /** Whether replicas out of sync of the partition are to be throttled. */
    boolean names(TopicIdPartition id) {
        MetadataImage now = image.get();
        if (rate(now) <= 0) {
            return false;
        }
        List<String> replicas =
                TopicConfigs.listItems(
                        now.configsOf(ConfigResourceKey.topic(id.topic()))
                                .getOrDefault(
                                        TopicConfigs.LEADER_REPLICATION_THROTTLED_REPLICAS, ""));
        return replicas.contains("*") || replicas.contains(id.partition() + ":" + nodeId);
    }

    /** How long such a replica gets no records, 0 when it may have some now. */
    long waitMs() {
        if (rate(image.get()) <= 0) {
            return 0;
        }
        synchronized (this) {
            long waitNanos = paidUntilNanos - nanoClock.getAsLong();
            return waitNanos <= 0 ? 0 : 1 + TimeUnit.NANOSECONDS.toMillis(waitNanos);
        }
    }

    /** Counts records that are sent to such a replica. */
    void onSent(int bytes) {
        long rate = rate(image.get());
        if (rate <= 0) {
            return;
        }
        synchronized (this) {
            long nowNanos = nanoClock.getAsLong();
            long from = paidUntilNanos - nowNanos > 0 ? paidUntilNanos : nowNanos;
            paidUntilNanos = from + (long) (bytes * NANOS_PER_SECOND / rate);
        }
    }

    @SuppressWarnings("ReferenceEquality") // the very image: comparing their contents costs more
    private long rate(MetadataImage now) {
        Rate known = lastRate;
        if (known.image() != now) {
            known =
                    new Rate(
                            now,
                            NodeRates.of(now, nodeId, BrokerConfigNames.LEADER_THROTTLED_RATE, 0));
            lastRate = known;
        }
        return known.bytesPerSecond();
    }
}
