package io.headrace.client.error;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** The client, or this part of it, is closed. */
public final class ClientClosedException extends HeadraceException {
    private static final long serialVersionUID = 1;

    public ClientClosedException(String message, String advice, @Nullable Throwable cause) {
        super(Errors.NETWORK_EXCEPTION, false, message, advice, cause);
    }

    public ClientClosedException(String message, String advice) {
        this(message, advice, null);
    }
}
