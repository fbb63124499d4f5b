package io.headrace.storage.fetch;

/**
 * How large an answer to a consumer is best. A client works on one answer while the next one is on
 * its way; the smaller they are, the more of that it does in its processor's caches, and the less
 * its threads are in each other's way. But each costs a round trip, so who is far away gets more at
 * a time.
 */
public final class AnswerSize {
    /** No bound but what was asked for. */
    public static final int UNBOUNDED = Integer.MAX_VALUE;

    private static final int NEAR_BYTES = 2 << 20;

    /** What a client that waits a round trip for each answer gets at least: 500 MB/s. */
    private static final int BYTES_PER_MICRO = 500;

    private AnswerSize() {}

    /**
     * In bytes.
     *
     * @param roundTripMicros to the client and back, or -1 if that is not known
     */
    public static int of(long roundTripMicros) {
        return roundTripMicros < 0
                ? UNBOUNDED
                : Math.clamp(roundTripMicros * BYTES_PER_MICRO, NEAR_BYTES, UNBOUNDED);
    }
}
