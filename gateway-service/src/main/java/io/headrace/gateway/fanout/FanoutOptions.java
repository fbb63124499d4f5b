package io.headrace.gateway.fanout;

import java.time.Duration;

/**
 * Bounds of the fan-out.
 *
 * @param feedBytes recent records kept for each partition that has readers at its end
 * @param totalBytes recent records kept for all partitions together
 * @param fetchBytes the most bytes of one fetch
 * @param feedWait how long one fetch at the end of a log waits for records
 * @param linger how long recent records are kept after the last reader left
 * @param catchUps fetches of one reader that is behind, at once
 * @param gather how long a reader that has records waits for its other fetches under way
 * @param backoff the first pause after a failed fetch
 * @param backoffMax the longest such pause
 */
public record FanoutOptions(
        long feedBytes,
        long totalBytes,
        int fetchBytes,
        Duration feedWait,
        Duration linger,
        int catchUps,
        Duration gather,
        Duration backoff,
        Duration backoffMax) {
    public FanoutOptions {
        if (feedBytes < 1 || totalBytes < 1 || fetchBytes < 1 || catchUps < 1) {
            throw new IllegalArgumentException("Bounds of the fan-out must be positive");
        }
    }

    /** 1 MiB a partition, 64 MiB in all. */
    public static FanoutOptions defaults() {
        return new FanoutOptions(
                1 << 20,
                64 << 20,
                256 << 10,
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                4,
                Duration.ofMillis(50),
                Duration.ofMillis(100),
                Duration.ofSeconds(5));
    }
}
