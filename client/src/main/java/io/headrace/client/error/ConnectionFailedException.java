package io.headrace.client.error;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** No connection to a node, or it was lost before the answer: the outcome of a write is unknown. */
public final class ConnectionFailedException extends HeadraceException {
    private static final long serialVersionUID = 1;

    public ConnectionFailedException(String message, String advice, @Nullable Throwable cause) {
        super(Errors.NETWORK_EXCEPTION, true, message, advice, cause);
    }

    public ConnectionFailedException(String message, String advice) {
        this(message, advice, null);
    }
}
