package io.headrace.testkit.history;

/** A record of a {@link ProducerJournal} as one number, which travels as its value. */
public final class RecordCode {
    private static final int SEQUENCE_BITS = 40;

    private RecordCode() {}

    /** The number of a record. */
    public static long of(int producerId, long sequence) {
        return (long) producerId << SEQUENCE_BITS | sequence;
    }

    static int producerId(long code) {
        return (int) (code >>> SEQUENCE_BITS);
    }

    static long sequence(long code) {
        return code & (1L << SEQUENCE_BITS) - 1;
    }
}
