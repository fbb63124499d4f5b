package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.NodeImage;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What nodes last reported of their leaders' loads, and which leaders were moved for it. Nothing of
 * it is stored: a new controller waits for new reports. Confined to the controller's thread.
 */
public final class LeaderLoads {
    /**
     * What was moved for the sake of load.
     *
     * @param goesOn whether a node is still above where it ends
     */
    public record Outcome(List<PartitionKey> moved, boolean goesOn) {}

    /** How often leaders are moved by load at most. */
    static final long EVERY_MS = 10_000;

    /** A report older than this says nothing. */
    static final long FRESH_MS = 40_000;

    /** Reports must have measured this long after the last move to count. */
    static final long SETTLE_MS = 25_000;

    /** A partition that was moved stays for this long. */
    static final long STAY_MS = 600_000;

    private final Map<Integer, Heard> byNode = new HashMap<>();
    private final Map<PartitionKey, Long> moved = new HashMap<>();
    private boolean balancing;
    private long lookedMs = Long.MIN_VALUE / 2;
    private long movedMs = Long.MIN_VALUE / 2;

    private record Heard(LoadReport report, long atMs) {}

    void onReport(LoadReport report, long nowMs) {
        byNode.put(report.nodeId(), new Heard(report, nowMs));
    }

    boolean isDue(long nowMs) {
        return nowMs - lookedMs >= EVERY_MS;
    }

    /** The report of each of the nodes; null while one is missing, stale or from before a move. */
    public @Nullable List<LoadReport> of(List<NodeImage> nodes, long nowMs) {
        List<LoadReport> reports = new ArrayList<>();
        for (NodeImage node : nodes) {
            Heard heard = byNode.get(node.nodeId());
            if (heard == null
                    || heard.report().nodeEpoch() != node.nodeEpoch()
                    || nowMs - heard.atMs() > FRESH_MS
                    || heard.atMs() - movedMs < SETTLE_MS) {
                return null;
            }
            reports.add(heard.report());
        }
        return reports;
    }

    /** Whether the last look found so much to move that more may follow. */
    public boolean isBalancing() {
        return balancing;
    }

    public boolean mayMove(PartitionKey key, long nowMs) {
        Long last = moved.get(key);
        return last == null || nowMs - last >= STAY_MS;
    }

    /** Told after {@code BalanceLoad}. */
    void onBalanced(Outcome outcome, long nowMs) {
        lookedMs = nowMs;
        balancing = outcome.goesOn();
        moved.values().removeIf(atMs -> nowMs - atMs >= STAY_MS);
        for (PartitionKey key : outcome.moved()) {
            moved.put(key, nowMs);
            movedMs = nowMs;
        }
    }
}
