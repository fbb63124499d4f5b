package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;

import org.apache.kafka.common.Uuid;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Which log directories nodes say are slow, and whose leaders were moved for it. Nothing of it is
 * stored: a new controller waits for new reports. Confined to the controller's thread.
 */
public final class SlowDisks {
    /** The most directories of a node. */
    public static final int MAX_LOG_DIRS = 1_000;

    /** How long a node has been saying so before leaders move: disks that share a fate all say. */
    static final long STANDS_MS = 4_000;

    /** A report older than this says nothing. */
    static final long FRESH_MS = 20_000;

    /** The leaders of one node move so often at most. */
    static final long EVERY_MS = 600_000;

    /** Another node's leaders move at the earliest after this. */
    static final long APART_MS = 60_000;

    private final Map<Integer, Heard> byNode = new HashMap<>();
    private final Map<Integer, Long> movedMs = new HashMap<>();

    private record Heard(long nodeEpoch, Set<Uuid> logDirs, long sinceMs, long atMs) {
        boolean isFresh(long nowMs) {
            return nowMs - atMs < FRESH_MS;
        }
    }

    /** Notes which directories of a node are slow, none if none is any more. */
    public void onReport(int nodeId, long nodeEpoch, Set<Uuid> logDirs, long nowMs) {
        if (logDirs.isEmpty()) {
            byNode.remove(nodeId);
            return;
        }
        Heard before = byNode.get(nodeId);
        long sinceMs =
                before != null && before.nodeEpoch() == nodeEpoch && before.isFresh(nowMs)
                        ? before.sinceMs()
                        : nowMs;
        byNode.put(nodeId, new Heard(nodeEpoch, Set.copyOf(logDirs), sinceMs, nowMs));
    }

    /** Notes that all leaders that can be were moved off a node's slow directories. */
    public void onMoved(int nodeId, long nowMs) {
        movedMs.values().removeIf(atMs -> nowMs - atMs >= EVERY_MS);
        movedMs.put(nodeId, nowMs);
    }

    /** Whether a partition's replica lies in a slow directory, as far as is known. */
    public boolean isSlow(MetadataImage image, PartitionImage partition, int nodeId, long nowMs) {
        Heard heard = byNode.get(nodeId);
        NodeImage node = image.nodes().get(nodeId);
        if (heard == null
                || node == null
                || node.nodeEpoch() != heard.nodeEpoch()
                || !heard.isFresh(nowMs)) {
            return false;
        }
        Uuid logDir = partition.logDirOf(nodeId);
        return logDir.equals(Uuid.ZERO_UUID)
                ? heard.logDirs().containsAll(node.logDirs())
                : heard.logDirs().contains(logDir);
    }

    /** Whether leaders may move off a node's slow directories now. */
    public boolean mayMove(int nodeId, long nowMs) {
        Heard heard = byNode.get(nodeId);
        if (heard == null || nowMs - heard.sinceMs() < STANDS_MS) {
            return false;
        }
        for (Map.Entry<Integer, Long> moved : movedMs.entrySet()) {
            long agoMs = nowMs - moved.getValue();
            if (agoMs < (moved.getKey() == nodeId ? EVERY_MS : APART_MS)) {
                return false;
            }
        }
        return true;
    }
}
