package io.headrace.gateway.fanout;

import reactor.core.publisher.MonoSink;

import java.time.Duration;

/** What a reader was asked for. Confined to the fan-out's thread. */
final class Demand {
    private final int maxRecords;
    private final long maxBytes;
    private final long maxWaitMs;
    private final boolean shared;
    private final long gatherMs;
    private final MonoSink<Delivery> sink;
    private long deadlineMs;
    private boolean expired;
    private boolean gathering;
    private boolean gathered;
    private long tickMs;

    /**
     * @param shared whether the answer may be one that was put together for another reader at the
     *     same places
     * @param gather how long further records are waited for once there are some
     */
    Demand(
            int maxRecords,
            long maxBytes,
            Duration maxWait,
            boolean shared,
            Duration gather,
            MonoSink<Delivery> sink) {
        this.maxRecords = maxRecords;
        this.maxBytes = maxBytes;
        this.maxWaitMs = maxWait.toMillis();
        this.shared = shared;
        this.gatherMs = gather.toMillis();
        this.sink = sink;
    }

    int maxRecords() {
        return maxRecords;
    }

    long maxBytes() {
        return maxBytes;
    }

    boolean isShared() {
        return shared;
    }

    long gatherMs() {
        return gatherMs;
    }

    MonoSink<Delivery> sink() {
        return sink;
    }

    /** The time begins to run. */
    void begin(long nowMs) {
        deadlineMs = nowMs + maxWaitMs;
        expired = maxWaitMs == 0;
    }

    /** When an answer without records is given. */
    long deadlineMs() {
        return deadlineMs;
    }

    boolean isExpired() {
        return expired;
    }

    void expire() {
        expired = true;
    }

    boolean isGathering() {
        return gathering;
    }

    /**
     * Further records are waited for from now on.
     *
     * @param untilMs when that ends
     */
    void beginGathering(long untilMs) {
        gathering = true;
        tickMs = untilMs;
    }

    /** When waiting for further records ends. */
    long tickMs() {
        return tickMs;
    }

    /** Whether all that comes is waited for until {@link #tickMs}. */
    boolean isGatheringAll() {
        return gathering && !gathered && !expired && gatherMs > 0;
    }

    boolean isGathered() {
        return gathered;
    }

    void onGathered() {
        gathered = true;
    }
}
