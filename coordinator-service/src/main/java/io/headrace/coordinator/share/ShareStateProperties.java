package io.headrace.coordinator.share;

/**
 * Bounds of the state of share partitions.
 *
 * @param updatesPerSnapshot after so many updates the state is written as a whole again
 * @param maxSharePartitions the most share partitions of one shard; above it no new one begins
 * @param maxBatches the most ranges of offsets in flight of one share partition: what is written of
 *     them must fit into one record
 * @param sweepMs how often the states of topics that are gone are looked for
 */
public record ShareStateProperties(
        int updatesPerSnapshot, int maxSharePartitions, int maxBatches, long sweepMs) {

    public ShareStateProperties {
        if (updatesPerSnapshot <= 0
                || maxSharePartitions <= 0
                || maxBatches <= 0
                || maxBatches > 40_000
                || sweepMs <= 0) {
            throw new IllegalArgumentException("Out of range: " + this);
        }
    }

    /** What holds unless set otherwise. */
    public static ShareStateProperties defaults() {
        return new ShareStateProperties(100, 100_000, 30_000, 600_000);
    }
}
