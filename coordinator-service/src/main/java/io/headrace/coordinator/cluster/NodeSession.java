package io.headrace.coordinator.cluster;

/**
 * What the controller heard of one incarnation since its own take-over. Lost with the controller.
 *
 * @param nodeEpoch the incarnation
 * @param lastPollMs when its metadata was last polled, or when it registered
 * @param appliedOffset the first metadata offset that it has not applied; -1 before its first poll
 * @param connected whether the connection of its last poll is open
 * @param suspectedMs when the membership lost sight of it, or {@link #NEVER}
 * @param shutDownMs when it first asked to shut down, or {@link #NEVER}
 */
public record NodeSession(
        long nodeEpoch,
        long lastPollMs,
        long appliedOffset,
        boolean connected,
        long suspectedMs,
        long shutDownMs) {
    static final long NEVER = Long.MIN_VALUE;

    /** A poll that comes this much later than a suspicion refutes it. */
    private static final long REFUTES_MS = 1_000;

    /** The session of an incarnation that has just registered. */
    static NodeSession begun(long nodeEpoch, long nowMs) {
        return new NodeSession(nodeEpoch, nowMs, -1, true, NEVER, NEVER);
    }

    NodeSession onPoll(long applied, long nowMs) {
        boolean refuted = suspectedMs == NEVER || nowMs - suspectedMs >= REFUTES_MS;
        return new NodeSession(
                nodeEpoch,
                nowMs,
                Math.max(appliedOffset, applied),
                true,
                refuted ? NEVER : suspectedMs,
                shutDownMs);
    }

    NodeSession disconnected() {
        return new NodeSession(
                nodeEpoch, lastPollMs, appliedOffset, false, suspectedMs, shutDownMs);
    }

    NodeSession suspected(long nowMs) {
        return new NodeSession(nodeEpoch, lastPollMs, appliedOffset, connected, nowMs, shutDownMs);
    }

    NodeSession trusted() {
        return new NodeSession(nodeEpoch, lastPollMs, appliedOffset, connected, NEVER, shutDownMs);
    }

    /** As if it had polled just now. */
    NodeSession forgiven(long nowMs) {
        return new NodeSession(nodeEpoch, nowMs, appliedOffset, connected, suspectedMs, shutDownMs);
    }

    NodeSession shuttingDown(long nowMs) {
        return shutDownMs == NEVER
                ? new NodeSession(
                        nodeEpoch, lastPollMs, appliedOffset, connected, suspectedMs, nowMs)
                : this;
    }

    public boolean wantsShutDown() {
        return shutDownMs != NEVER;
    }

    /**
     * Whether it is known to be gone: its connection is closed, and the membership lost sight of it
     * or it said that it would go.
     */
    boolean isGone() {
        return !connected && (suspectedMs != NEVER || wantsShutDown());
    }

    /** How long the incarnation has been silent. */
    long silenceMs(long nowMs) {
        return nowMs - lastPollMs;
    }

    boolean isSuspected() {
        return suspectedMs != NEVER;
    }
}
