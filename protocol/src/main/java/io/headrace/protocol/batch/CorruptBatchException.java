package io.headrace.protocol.batch;

/** Bytes that are not the record batch, or the records, that they claim to be. */
public class CorruptBatchException extends RuntimeException {
    public CorruptBatchException(String message) {
        super(message);
    }

    public CorruptBatchException(String message, Throwable cause) {
        super(message, cause);
    }
}
