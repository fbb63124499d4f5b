package io.headrace.storage;

import io.headrace.protocol.message.ReportLoadRequestData;
import io.headrace.protocol.message.ReportLoadRequestData.LeaderLoad;
import io.headrace.storage.partition.PartitionStats;

import org.apache.kafka.common.TopicIdPartition;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How much each leader on this node has appended between two looks. Each is also replicated and, as
 * a rule, read, so it stands for all that a leader does. Confined to one thread.
 */
final class LoadMeter {
    static final int MAX_PARTITIONS = 500;
    private Map<TopicIdPartition, Long> before = Map.of();
    private long measuredMs = Long.MIN_VALUE;

    /**
     * Looks.
     *
     * @param stats all partitions of this node as they are now
     * @return the load since the last look, the busiest partitions by name; null at the first look
     */
    @Nullable ReportLoadRequestData measure(
            Map<TopicIdPartition, PartitionStats> stats, long nowMs) {
        Map<TopicIdPartition, Long> now = new HashMap<>();
        List<LeaderLoad> loads = new ArrayList<>();
        long passedMs = nowMs - measuredMs;
        boolean isFirst = measuredMs == Long.MIN_VALUE;
        stats.forEach(
                (id, each) -> {
                    now.put(id, each.appendedBytes());
                    Long known = before.get(id);
                    long bytes = known == null ? 0 : Math.max(0, each.appendedBytes() - known);
                    if (each.leader() && bytes > 0 && !isFirst && passedMs > 0) {
                        loads.add(
                                new LeaderLoad()
                                        .setTopicId(id.topicId())
                                        .setPartitionId(id.partition())
                                        .setBytesPerSecond(bytes * 1_000 / passedMs));
                    }
                });
        before = now;
        measuredMs = nowMs;
        if (isFirst) {
            return null;
        }
        loads.sort(Comparator.comparingLong(LeaderLoad::bytesPerSecond).reversed());
        int named = Math.min(MAX_PARTITIONS, loads.size());
        long others =
                loads.subList(named, loads.size()).stream()
                        .mapToLong(LeaderLoad::bytesPerSecond)
                        .sum();
        return new ReportLoadRequestData()
                .setOtherBytesPerSecond(others)
                .setPartitions(new ArrayList<>(loads.subList(0, named)));
    }
}
