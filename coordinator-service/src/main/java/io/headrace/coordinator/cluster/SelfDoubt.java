package io.headrace.coordinator.cluster;

/**
 * Whether a controller hears so few nodes that the fault may be its own: it then fences none for a
 * while, in which another coordinator can take the role. Confined to the controller's thread.
 */
final class SelfDoubt {
    private long doubtSinceMs = NodeSession.NEVER;
    private boolean heardSome;

    /** When no node was seen last, after some were. */
    private long deafMs = Long.MIN_VALUE / 2;

    /**
     * Notes how many nodes are seen.
     *
     * @param unfenced how many should be
     */
    void observe(int seen, int unfenced, long nowMs) {
        boolean doubts = seen * 2 < unfenced;
        if (!doubts) {
            doubtSinceMs = NodeSession.NEVER;
        } else if (doubtSinceMs == NodeSession.NEVER) {
            doubtSinceMs = nowMs;
        }
        if (seen > 0) {
            heardSome = true;
        } else if (heardSome) {
            deafMs = nowMs;
        }
    }

    /** Whether fewer than half of the nodes are seen. */
    boolean isThere() {
        return doubtSinceMs != NodeSession.NEVER;
    }

    /**
     * Whether nodes may be fenced: some are seen, and enough or for long enough too few. Whoever is
     * heard first after nobody was says nothing against the others yet: it was this controller that
     * was cut off, and all come back one after the other.
     */
    boolean letsFence(int seen, long nowMs) {
        return seen > 0
                && nowMs - deafMs >= ClusterRules.DOUBT_MS
                && (!isThere() || nowMs - doubtSinceMs >= ClusterRules.DOUBT_MS);
    }
}
