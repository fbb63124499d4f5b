package io.headrace.storage.forward;

import org.apache.kafka.common.protocol.Errors;

/** A forwarded request has no answer; the error says what its client is told. */
public final class ForwardException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Errors error;

    public ForwardException(Errors error, String message) {
        super(message);
        this.error = error;
    }

    /** The error of the envelope or of the transport, for the client. */
    public Errors error() {
        return error;
    }
}
