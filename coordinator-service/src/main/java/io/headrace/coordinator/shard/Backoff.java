package io.headrace.coordinator.shard;

/** Pauses between retries that double up to a bound. */
final class Backoff {
    private final long minMs;
    private final long maxMs;
    private long nextMs;

    Backoff(ShardProperties properties) {
        this.minMs = properties.retryMinMs();
        this.maxMs = properties.retryMaxMs();
        this.nextMs = minMs;
    }

    long nextMs() {
        long pauseMs = nextMs;
        nextMs = Math.min(maxMs, nextMs * 2);
        return pauseMs;
    }

    void reset() {
        nextMs = minMs;
    }
}
