package io.headrace.coordinator.cluster.replica;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.coordinator.cluster.Elections;
import io.headrace.coordinator.cluster.LeaderLoads;
import io.headrace.coordinator.cluster.LoadReport;
import io.headrace.coordinator.cluster.PartitionChange;
import io.headrace.coordinator.cluster.PartitionKey;
import io.headrace.coordinator.cluster.Reassignments;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;

import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Moves leaders from the node whose leaders append most to in-sync replicas where less is appended,
 * a few at a time. The new leader becomes the preferred one, so that {@link BalanceLeaders} leaves
 * it there.
 *
 * <p>It begins when a node is well above the average and goes on until it is only a little above: a
 * load in between moves nothing. A leader moves only if the two nodes are clearly closer to each
 * other afterwards, and then stays for a while: the one heavy partition of a cluster goes nowhere.
 */
public record BalanceLoad() implements Command<LeaderLoads.Outcome> {
    private static final double BEGINS_ABOVE = 1.25;
    private static final double ENDS_ABOVE = 1.1;

    /** The part of the gap between two nodes that may move; with all of it they change places. */
    private static final double MOST_OF_GAP = 0.8;

    /** What a node must be above the average by; less is not worth a move. */
    private static final long LEAST_BYTES = 1 << 20;

    private static final int MAX_MOVES = 5;

    private record Move(PartitionKey key, long bytes, PartitionImage partition, IsrMember to) {}

    @Override
    public Decision<LeaderLoads.Outcome> decide(ControllerState state, long nowMs) {
        List<NodeImage> nodes = new ArrayList<>();
        for (NodeImage node : state.image().nodes().values()) {
            if (!node.fenced()) {
                nodes.add(node);
            }
        }
        List<LoadReport> reports = nodes.size() < 2 ? null : state.loads().of(nodes, nowMs);
        if (reports == null) {
            return Decision.answer(new LeaderLoads.Outcome(List.of(), state.loads().isBalancing()));
        }
        Map<Integer, Long> totals = new HashMap<>();
        long sum = 0;
        for (LoadReport report : reports) {
            totals.put(report.nodeId(), report.totalBytes());
            sum += report.totalBytes();
        }
        return balance(state, reports, totals, sum / reports.size(), nowMs);
    }

    private static Decision<LeaderLoads.Outcome> balance(
            ControllerState state,
            List<LoadReport> reports,
            Map<Integer, Long> totals,
            long average,
            long nowMs) {
        List<ApiMessage> records = new ArrayList<>();
        List<PartitionKey> moved = new ArrayList<>();
        double limit = state.loads().isBalancing() ? ENDS_ABOVE : BEGINS_ABOVE;
        LoadReport hottest = hottest(reports, totals);
        while (isAbove(total(totals, hottest.nodeId()), average, limit)) {
            limit = ENDS_ABOVE;
            Move best =
                    moved.size() == MAX_MOVES
                            ? null
                            : bestMove(state, hottest, totals, moved, nowMs);
            if (best == null) {
                return new Decision<>(records, new LeaderLoads.Outcome(moved, true));
            }
            records.add(record(best));
            moved.add(best.key());
            totals.merge(hottest.nodeId(), -best.bytes(), Long::sum);
            totals.merge(best.to().nodeId(), best.bytes(), Long::sum);
            hottest = hottest(reports, totals);
        }
        return new Decision<>(records, new LeaderLoads.Outcome(moved, false));
    }

    private static boolean isAbove(long total, long average, double limit) {
        return total > average * limit && total - average >= LEAST_BYTES;
    }

    private static long total(Map<Integer, Long> totals, int nodeId) {
        return totals.getOrDefault(nodeId, Long.MAX_VALUE / 2);
    }

    private static LoadReport hottest(List<LoadReport> reports, Map<Integer, Long> totals) {
        return reports.stream()
                .max(Comparator.comparingLong(report -> total(totals, report.nodeId())))
                .orElseThrow();
    }

    /**
     * The move after which the fuller one of the two nodes is the least full; among equals the one
     * to the emptiest.
     */
    private static @Nullable Move bestMove(
            ControllerState state,
            LoadReport from,
            Map<Integer, Long> totals,
            List<PartitionKey> moved,
            long nowMs) {
        long full = total(totals, from.nodeId());
        long lowestFuller = Long.MAX_VALUE;
        long lowestOther = Long.MAX_VALUE;
        Move best = null;
        for (Map.Entry<PartitionKey, Long> load : from.partitions().entrySet()) {
            PartitionKey key = load.getKey();
            PartitionImage partition = state.image().partition(key.topicId(), key.partition());
            if (partition == null
                    || partition.leaderId() != from.nodeId()
                    || Reassignments.isMoving(partition)
                    || moved.contains(key)
                    || !state.loads().mayMove(key, nowMs)) {
                continue;
            }
            for (IsrMember member : partition.isr()) {
                boolean able =
                        member.nodeId() != from.nodeId()
                                && Elections.isUsable(
                                        state, partition, member.nodeId(), member.nodeEpoch())
                                && !state.wantsShutDown(member.nodeId())
                                && !state.isDrained(member.nodeId())
                                && !state.slowDisks()
                                        .isSlow(state.image(), partition, member.nodeId(), nowMs);
                long other = total(totals, member.nodeId());
                long fuller = Math.max(full - load.getValue(), other + load.getValue());
                boolean better =
                        fuller < lowestFuller || (fuller == lowestFuller && other < lowestOther);
                if (able && better && load.getValue() <= (full - other) * MOST_OF_GAP) {
                    lowestFuller = fuller;
                    lowestOther = other;
                    best = new Move(key, load.getValue(), partition, member);
                }
            }
        }
        return best;
    }

    private static ApiMessage record(Move move) {
        List<Integer> replicas = new ArrayList<>(move.partition().assignedReplicas());
        replicas.remove(Integer.valueOf(move.to().nodeId()));
        replicas.addFirst(move.to().nodeId());
        return PartitionChange.of(move.key().topicId(), Objects.requireNonNull(move.partition()))
                .replicas(replicas, List.of(), List.of())
                .lead(move.to())
                .toRecord();
    }
}
