package io.headrace.storage.fetcher;

import io.headrace.protocol.config.TopicConfigs;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;

import org.apache.kafka.common.TopicIdPartition;
import org.jspecify.annotations.Nullable;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Keeps the bytes that replicas out of sync copy to this node below {@code
 * follower.replication.throttled.rate}, for the replicas that {@code
 * follower.replication.throttled.replicas} of their topic names (KIP-73). Any thread.
 */
final class FollowerThrottle {
    private static final String RATE = "follower.replication.throttled.rate";

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
        String value = brokerConfig(now, Integer.toString(nodeId));
        String set = value == null ? brokerConfig(now, "") : value;
        try {
            return set == null ? 0 : Long.parseLong(set);
        } catch (NumberFormatException e) {
            return 0; // the controller validates; this is a newer one's
        }
    }

    private static @Nullable String brokerConfig(MetadataImage now, String name) {
        return now.configsOf(new ConfigResourceKey(ConfigResourceKey.BROKER, name)).get(RATE);
    }

    private boolean isThrottled(MetadataImage now, TopicIdPartition id) {
        Map<String, String> configs = now.configsOf(ConfigResourceKey.topic(id.topic()));
        String replicas =
                configs.getOrDefault(TopicConfigs.FOLLOWER_REPLICATION_THROTTLED_REPLICAS, "");
        boolean named = replicas.equals("*");
        for (String replica : replicas.split(",", -1)) {
            named |= replica.trim().equals(id.partition() + ":" + nodeId);
        }
        PartitionImage partition = now.partition(id.topicId(), id.partition());
        return named
                && partition != null
                && partition.isr().stream().noneMatch(member -> member.nodeId() == nodeId);
    }
}
