package io.headrace.standalone.up;

/** The platform cannot run; the message is one line that says why and what to do. */
final class StartFailedException extends Exception {
    private static final long serialVersionUID = 1L;

    StartFailedException(String message) {
        super(message);
    }

    StartFailedException(String message, Throwable cause) {
        super(message, cause);
    }
}
