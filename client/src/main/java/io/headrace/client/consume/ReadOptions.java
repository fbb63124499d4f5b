package io.headrace.client.consume;

import io.headrace.client.connection.OptionChecks;

import java.time.Duration;

/**
 * How partitions are read.
 *
 * @param isolation whether records of undecided and aborted transactions are handed out
 * @param maxWait how long a node may hold a fetch while it has less than {@code minBytes}
 * @param minBytes how much a node should gather before it answers, in bytes
 * @param maxBytes the most bytes of one fetch; a first batch that is larger comes whole
 * @param maxPartitionBytes the most bytes of one partition in one fetch, alike
 * @param prefetchRecords records that may be buffered ahead of the subscriber before fetching
 *     pauses
 * @param prefetchBytes bytes of answers that may be buffered ahead of the subscriber before
 *     fetching pauses
 * @param maxDecompressedBytes the most bytes that one batch may decompress to
 * @param checkCrcs whether the CRC of each batch is verified
 * @param outOfRange what to do when a position is not, or no longer, in the log
 * @param stopAtEnd whether reading completes at the end that each partition had when reading began,
 *     instead of waiting for more
 * @param rackId the rack of this consumer, for fetching from the nearest replica (KIP-392); empty
 *     for none
 */
public record ReadOptions(
        IsolationLevel isolation,
        Duration maxWait,
        int minBytes,
        int maxBytes,
        int maxPartitionBytes,
        int prefetchRecords,
        long prefetchBytes,
        long maxDecompressedBytes,
        boolean checkCrcs,
        OutOfRangePolicy outOfRange,
        boolean stopAtEnd,
        String rackId) {
    public ReadOptions {
        OptionChecks.notNegative(maxWait, "maxWait");
        OptionChecks.inRange(minBytes, "minBytes", 0, Integer.MAX_VALUE);
        OptionChecks.inRange(maxBytes, "maxBytes", 1, Integer.MAX_VALUE);
        OptionChecks.inRange(maxPartitionBytes, "maxPartitionBytes", 1, Integer.MAX_VALUE);
        OptionChecks.inRange(prefetchRecords, "prefetchRecords", 1, 100_000_000);
        OptionChecks.inRange(prefetchBytes, "prefetchBytes", 1, 1L << 40);
        OptionChecks.inRange(maxDecompressedBytes, "maxDecompressedBytes", 1, 1L << 40);
    }

    /** Starts from the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** The defaults. */
    public static ReadOptions defaults() {
        return builder().build();
    }

    /** Collects the options; each setter is documented at the record's component of that name. */
    public static final class Builder {
        private IsolationLevel isolation = IsolationLevel.READ_UNCOMMITTED;
        private Duration maxWait = Duration.ofMillis(500);
        private int minBytes = 1;
        private int maxBytes = 50 * 1024 * 1024;
        private int maxPartitionBytes = 1024 * 1024;
        private int prefetchRecords = 50_000;
        private long prefetchBytes = 32L * 1024 * 1024;
        private long maxDecompressedBytes = 256L * 1024 * 1024;
        private boolean checkCrcs = true;
        private OutOfRangePolicy outOfRange = OutOfRangePolicy.FAIL;
        private boolean stopAtEnd = false;
        private String rackId = "";

        private Builder() {}

        public Builder isolation(IsolationLevel isolation) {
            this.isolation = isolation;
            return this;
        }

        public Builder maxWait(Duration maxWait) {
            this.maxWait = maxWait;
            return this;
        }

        public Builder minBytes(int minBytes) {
            this.minBytes = minBytes;
            return this;
        }

        public Builder maxBytes(int maxBytes) {
            this.maxBytes = maxBytes;
            return this;
        }

        public Builder maxPartitionBytes(int maxPartitionBytes) {
            this.maxPartitionBytes = maxPartitionBytes;
            return this;
        }

        public Builder prefetchRecords(int prefetchRecords) {
            this.prefetchRecords = prefetchRecords;
            return this;
        }

        public Builder prefetchBytes(long prefetchBytes) {
            this.prefetchBytes = prefetchBytes;
            return this;
        }

        public Builder maxDecompressedBytes(long maxDecompressedBytes) {
            this.maxDecompressedBytes = maxDecompressedBytes;
            return this;
        }

        public Builder checkCrcs(boolean checkCrcs) {
            this.checkCrcs = checkCrcs;
            return this;
        }

        public Builder outOfRange(OutOfRangePolicy outOfRange) {
            this.outOfRange = outOfRange;
            return this;
        }

        public Builder stopAtEnd(boolean stopAtEnd) {
            this.stopAtEnd = stopAtEnd;
            return this;
        }

        public Builder rackId(String rackId) {
            this.rackId = rackId;
            return this;
        }

        /** The options; throws {@link IllegalArgumentException} when one is out of its range. */
        public ReadOptions build() {
            return new ReadOptions(
                    isolation,
                    maxWait,
                    minBytes,
                    maxBytes,
                    maxPartitionBytes,
                    prefetchRecords,
                    prefetchBytes,
                    maxDecompressedBytes,
                    checkCrcs,
                    outOfRange,
                    stopAtEnd,
                    rackId);
        }
    }
}
