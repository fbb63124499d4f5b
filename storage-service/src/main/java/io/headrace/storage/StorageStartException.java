package io.headrace.storage;

/** The node cannot start as it is set up; the message is one line that says what to do. */
public final class StorageStartException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StorageStartException(String message, Throwable cause) {
        super(message, cause);
    }

    public StorageStartException(String message) {
        super(message);
    }
}
