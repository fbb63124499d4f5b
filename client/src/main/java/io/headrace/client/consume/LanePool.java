package io.headrace.client.consume;

import java.util.HashMap;
import java.util.Map;

/**
 * Spreads one-shot fetches over a few lanes for each node: a server answers a connection in order,
 * so a long poll should not stand before another request. Thread-safe.
 */
final class LanePool {
    private static final int LANES = 16;

    private final String prefix;

    // Guarded by this.
    private final Map<Integer, int[]> inUseByNode = new HashMap<>();

    LanePool(String prefix) {
        this.prefix = prefix;
    }

    /** The right to use a lane until it is released. */
    final class Lease {
        private final int node;
        private final int lane;

        private Lease(int node, int lane) {
            this.node = node;
            this.lane = lane;
        }

        String lane() {
            return prefix + "-" + lane;
        }

        void release() {
            synchronized (LanePool.this) {
                int[] inUse = inUseByNode.get(node);
                if (inUse != null) {
                    inUse[lane]--;
                }
            }
        }
    }

    /** The least used lane to a node. */
    synchronized Lease lease(int node) {
        int[] inUse = inUseByNode.computeIfAbsent(node, n -> new int[LANES]);
        int least = 0;
        for (int i = 1; i < LANES; i++) {
            least = inUse[i] < inUse[least] ? i : least;
        }
        inUse[least]++;
        return new Lease(node, least);
    }
}
