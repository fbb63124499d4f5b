package io.headrace.client.error;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** A node answered bytes that are no valid answer, or records that are damaged. */
public final class CorruptResponseException extends HeadraceException {
    private static final long serialVersionUID = 1;

    public CorruptResponseException(String message, String advice, @Nullable Throwable cause) {
        super(Errors.CORRUPT_MESSAGE, true, message, advice, cause);
    }

    public CorruptResponseException(String message, String advice) {
        this(message, advice, null);
    }
}
