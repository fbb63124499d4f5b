package io.headrace.storage.log;

/** Bytes of a log that are damaged or lost; a reader is answered CORRUPT_MESSAGE. */
public final class CorruptRangeException extends RuntimeException {
    private final long fromOffset;

    public CorruptRangeException(String message, long fromOffset) {
        super(message);
        this.fromOffset = fromOffset;
    }

    /** The first offset that cannot be read. */
    public long fromOffset() {
        return fromOffset;
    }
}
