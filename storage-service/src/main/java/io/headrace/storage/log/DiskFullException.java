package io.headrace.storage.log;

import org.apache.kafka.common.errors.KafkaStorageException;

/**
 * A write found no space; nothing is broken, and it may be done again when there is some. Clients
 * see KAFKA_STORAGE_ERROR.
 */
public final class DiskFullException extends KafkaStorageException {
    private static final long serialVersionUID = 1;

    DiskFullException(String message) {
        super(message);
    }

    /** Whether that is why something failed, also behind a future's wrapping. */
    public static boolean isCauseOf(Throwable failure) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (each instanceof DiskFullException) {
                return true;
            }
        }
        return false;
    }
}
