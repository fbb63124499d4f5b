package io.headrace.storage.cluster;

/** The controller will never register this node as it is; the message says what to do. */
public final class RegistrationRefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    public RegistrationRefusedException(String message) {
        super(message);
    }
}
