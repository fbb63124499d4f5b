package io.headrace.storage.compaction;

import java.time.Duration;

/**
 * How a node compacts.
 *
 * @param dedupeBufferBytes the most memory for the map of last offsets ({@code
 *     log.cleaner.dedupe.buffer.size}): 24 bytes for a key; what does not fit takes another pass
 * @param dedupeBufferLoadFactor which part of it may be in use
 * @param maxBytesPerSecond how much is read and written at most ({@code
 *     log.cleaner.io.max.bytes.per.second})
 * @param maxDecompressedBytes the most bytes that a batch may decompress to
 * @param backoff how long to wait when nothing is dirty enough ({@code log.cleaner.backoff.ms})
 */
public record CompactionProperties(
        long dedupeBufferBytes,
        double dedupeBufferLoadFactor,
        long maxBytesPerSecond,
        long maxDecompressedBytes,
        Duration backoff) {

    /** 128 MiB of keys, 90 % in use, unthrottled, 256 MiB a batch, every 15 seconds: as Kafka. */
    public static final CompactionProperties DEFAULT =
            new CompactionProperties(
                    128L << 20, 0.9, Long.MAX_VALUE, 256L << 20, Duration.ofSeconds(15));

    public CompactionProperties {
        if (dedupeBufferBytes < 1024
                || dedupeBufferLoadFactor <= 0
                || dedupeBufferLoadFactor >= 1) {
            throw new IllegalArgumentException(
                    "The dedupe buffer needs at least 1024 bytes and a load factor between 0 and"
                            + " 1");
        }
        if (maxBytesPerSecond < 1 || maxDecompressedBytes < 1) {
            throw new IllegalArgumentException(
                    "maxBytesPerSecond and maxDecompressedBytes must be positive");
        }
        if (backoff.isNegative() || backoff.isZero()) {
            throw new IllegalArgumentException("backoff must be positive");
        }
    }
}
