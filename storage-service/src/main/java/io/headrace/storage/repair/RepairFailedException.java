package io.headrace.storage.repair;

/** A segment cannot be repaired with what the peers have, or not now; it stays as it is. */
final class RepairFailedException extends Exception {
    private static final long serialVersionUID = 1L;

    RepairFailedException(String message) {
        super(message);
    }

    RepairFailedException(String message, Throwable cause) {
        super(message, cause);
    }
}
