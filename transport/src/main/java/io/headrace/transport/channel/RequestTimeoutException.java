package io.headrace.transport.channel;

import java.io.IOException;

/** No answer came in time; the request's outcome is unknown. */
public final class RequestTimeoutException extends IOException {
    private static final long serialVersionUID = 1L;

    public RequestTimeoutException(String message) {
        super(message);
    }
}
