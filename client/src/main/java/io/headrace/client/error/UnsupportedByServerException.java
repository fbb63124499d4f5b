package io.headrace.client.error;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** The node does not serve an API, or no version of it that this client speaks. */
public final class UnsupportedByServerException extends HeadraceException {
    private static final long serialVersionUID = 1;

    public UnsupportedByServerException(String message, String advice, @Nullable Throwable cause) {
        super(Errors.UNSUPPORTED_VERSION, false, message, advice, cause);
    }

    public UnsupportedByServerException(String message, String advice) {
        this(message, advice, null);
    }
}
