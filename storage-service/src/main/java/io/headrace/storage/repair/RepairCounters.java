package io.headrace.storage.repair;

import java.util.concurrent.atomic.LongAdder;

/** What repair and scrub have found and done, for metrics. Any thread may read. */
public final class RepairCounters {
    final LongAdder damagedSegments = new LongAdder();
    final LongAdder repairedSegments = new LongAdder();
    final LongAdder failures = new LongAdder();
    final LongAdder scrubbedBytes = new LongAdder();
    final LongAdder scrubRounds = new LongAdder();

    RepairCounters() {}

    /** Audits that found damage. */
    public long damagedSegments() {
        return damagedSegments.sum();
    }

    /** Segments that were put right from a peer. */
    public long repairedSegments() {
        return repairedSegments.sum();
    }

    /** Repairs that failed; they are tried again when the damage is met again. */
    public long failures() {
        return failures.sum();
    }

    /** Bytes that the scrub read. */
    public long scrubbedBytes() {
        return scrubbedBytes.sum();
    }

    /** How often the scrub came through all logs. */
    public long scrubRounds() {
        return scrubRounds.sum();
    }
}
