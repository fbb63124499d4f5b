package io.headrace.client.consume;

import java.time.Instant;

/** A place in a partition to read from. */
public sealed interface Position {
    /** At that offset. */
    record AtOffset(long offset) implements Position {
        public AtOffset {
            if (offset < 0) {
                throw new IllegalArgumentException("Offset " + offset + " is below zero");
            }
        }
    }

    /** At the first record of that time, in ms since the epoch, or later; at the end if none is. */
    record AtTimestamp(long timestampMs) implements Position {
        public AtTimestamp {
            if (timestampMs < 0) {
                throw new IllegalArgumentException("Timestamp " + timestampMs + " is below zero");
            }
        }
    }

    /** At the first offset of the log. */
    record Earliest() implements Position {}

    /** At the end of the log. */
    record Latest() implements Position {}

    /** So many offsets before the end, or the first offset if there are fewer. */
    record BeforeEnd(long count) implements Position {
        public BeforeEnd {
            if (count < 0) {
                throw new IllegalArgumentException("Count " + count + " is below zero");
            }
        }
    }

    static Position offset(long offset) {
        return new AtOffset(offset);
    }

    static Position timestamp(Instant time) {
        return new AtTimestamp(time.toEpochMilli());
    }

    static Position earliest() {
        return new Earliest();
    }

    static Position latest() {
        return new Latest();
    }

    static Position beforeEnd(long count) {
        return new BeforeEnd(count);
    }
}
