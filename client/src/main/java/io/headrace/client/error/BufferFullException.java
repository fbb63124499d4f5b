package io.headrace.client.error;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** No room in a bounded buffer of the client: records are handed over faster than they are sent. */
public final class BufferFullException extends HeadraceException {
    private static final long serialVersionUID = 1;

    public BufferFullException(String message, String advice, @Nullable Throwable cause) {
        super(Errors.THROTTLING_QUOTA_EXCEEDED, true, message, advice, cause);
    }

    public BufferFullException(String message, String advice) {
        this(message, advice, null);
    }
}
