package io.headrace.standalone.cluster;

/** A cluster cannot do what was asked; the message is one line that says why and what to do. */
public final class ClusterFailureException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ClusterFailureException(String message) {
        super(message);
    }

    public ClusterFailureException(String message, Throwable cause) {
        super(message, cause);
    }
}
