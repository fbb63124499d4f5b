package io.headrace.coordinator.metadata;

/** Another coordinator has taken over: this one decides nothing more in its epoch. */
final class DeposedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DeposedException(String message) {
        super(message);
    }
}
