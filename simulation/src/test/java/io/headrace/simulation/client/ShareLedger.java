package io.headrace.simulation.client;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.simulation.network.World;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.ShareFetchResponseData.AcquiredRecords;
import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * AcknowledgedIsNotDelivered: what a member of a share group acknowledged, and heard that it was
 * stored, is delivered to nobody who asks afterwards. Only the leader is held to that: a deposed
 * one may deliver what its successor has taken back.
 */
public final class ShareLedger {
    private final World world;
    private final Supplier<MetadataImage> truth;
    private final TopicPartition partition;
    private final Map<Long, Long> acknowledgedMs = new HashMap<>();
    private long checks;
    private long deliveries;

    /**
     * A fetch that was sent.
     *
     * @param leaderEpoch the epoch that the node leads in, or -1 if it does not
     */
    record Asked(String node, int leaderEpoch, long sentMs) {}

    public ShareLedger(World world, Supplier<MetadataImage> truth, TopicPartition partition) {
        this.world = world;
        this.truth = truth;
        this.partition = partition;
    }

    /** How often a delivery was compared with what was acknowledged. */
    public long checks() {
        return checks;
    }

    /** How many records were delivered, again and again. */
    public long deliveries() {
        return deliveries;
    }

    private int epochOf(String node) {
        TopicImage topic = truth.get().topic(partition.topic());
        @Nullable PartitionImage image =
                topic == null ? null : topic.partition(partition.partition());
        return image != null
                        && node.equals("s" + image.leaderId())
                        && truth.get().isActive(image.leaderId(), image.leaderNodeEpoch())
                ? image.leaderEpoch()
                : -1;
    }

    Asked onAsking(String node) {
        return new Asked(node, epochOf(node), world.elapsedMs());
    }

    void onDelivered(Asked asked, String memberId, List<AcquiredRecords> ranges) {
        boolean led = asked.leaderEpoch() >= 0 && asked.leaderEpoch() == epochOf(asked.node());
        for (AcquiredRecords range : ranges) {
            for (long offset = range.firstOffset(); offset <= range.lastOffset(); offset++) {
                deliveries++;
                Long before = acknowledgedMs.get(offset);
                checks += led ? 1 : 0;
                if (led && before != null && before < asked.sentMs()) {
                    throw new AssertionError(
                            "an acknowledged record was delivered again: offset %d of %s, acknowledged at %d ms, to %s by %s, asked at %d ms"
                                    .formatted(
                                            offset,
                                            partition,
                                            before,
                                            memberId,
                                            asked.node(),
                                            asked.sentMs()));
                }
            }
        }
    }

    void onAcknowledged(List<AcquiredRecords> ranges) {
        for (AcquiredRecords range : ranges) {
            for (long offset = range.firstOffset(); offset <= range.lastOffset(); offset++) {
                acknowledgedMs.putIfAbsent(offset, world.elapsedMs());
            }
        }
    }
}
