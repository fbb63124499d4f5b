package io.headrace.storage;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;

/** The node cannot start as it is set up; the message is one line that says what to do. */
public final class StorageStartException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StorageStartException(String message, Throwable cause) {
        super(message, cause);
    }

    public StorageStartException(String message) {
        super(message);
    }

    /** What an operator is told of a disk that cannot be used. */
    static String describe(IOException failure) {
        return switch (failure) {
            case AccessDeniedException denied ->
                    "Cannot write to "
                            + denied.getFile()
                            + ": give this user the right to, or choose another data directory";
            case FileSystemException known ->
                    "Cannot use " + known.getFile() + ": " + known.getReason();
            default -> String.valueOf(failure.getMessage());
        };
    }
}
