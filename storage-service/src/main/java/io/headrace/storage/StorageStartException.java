package io.headrace.storage;

import io.headrace.storage.cluster.RegistrationRefusedException;

import java.io.IOException;
import java.io.UncheckedIOException;
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

    /** What a user is told of a failure of the start. */
    static StorageStartException of(Throwable cause) {
        return switch (cause) {
            case StorageStartException known -> known;
            case RegistrationRefusedException refused ->
                    new StorageStartException(String.valueOf(refused.getMessage()), refused);
            case UncheckedIOException known ->
                    new StorageStartException(String.valueOf(known.getMessage()), known);
            case IOException known -> new StorageStartException(describe(known), known);
            default -> new StorageStartException("The storage node failed: " + cause, cause);
        };
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
