package io.headrace.storage.segment;

import java.nio.file.Path;

/** Names of a segment's files: the base offset in 20 digits, and what is in the file. */
public final class SegmentFiles {
    public static final String LOG = ".log";
    public static final String OFFSET_INDEX = ".index";
    public static final String TIME_INDEX = ".timeindex";
    public static final String TRANSACTION_INDEX = ".txnindex";
    public static final String PRODUCER_SNAPSHOT = ".snapshot";

    /** Appended to a file that awaits removal. */
    public static final String DELETED = ".deleted";

    /** Appended to a file that compaction is writing. */
    public static final String CLEANED = ".cleaned";

    /** Appended to a file that compaction has finished and that replaces others. */
    public static final String SWAP = ".swap";

    /** A records file made ready for the next segment, whose base offset is not known yet. */
    public static final String PREPARED_LOG = "next.log.prepared";

    private static final int DIGITS = 20;
    private static final String ZEROS = "0".repeat(DIGITS);

    private SegmentFiles() {}

    /** The file of that kind of the segment with that base offset. */
    public static Path path(Path directory, long baseOffset, String kind) {
        return directory.resolve(digits(baseOffset) + kind);
    }

    /** By hand: a format costs a restart with thousands of logs a noticeable part of its time. */
    private static String digits(long baseOffset) {
        String number = Long.toString(baseOffset);
        return ZEROS.substring(Math.min(DIGITS, number.length())) + number;
    }

    /** The base offset in a file name of exactly that kind, or -1. */
    public static long baseOffset(String fileName, String kind) {
        if (fileName.length() != DIGITS + kind.length() || !fileName.endsWith(kind)) {
            return -1;
        }
        try {
            return Long.parseUnsignedLong(fileName.substring(0, DIGITS));
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
