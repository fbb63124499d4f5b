package io.headrace.client.consume;

/** What to do when a position is not in the log, or there is none. */
public enum OutOfRangePolicy {
    /** Continue at the first offset. */
    EARLIEST,
    /** Continue at the end, with what is written from now on. */
    LATEST,
    /** Fail with OFFSET_OUT_OF_RANGE. */
    FAIL
}
