package io.headrace.client.error;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** An operation did not end in its time; a write may still take effect. */
public final class DeadlineExceededException extends HeadraceException {
    private static final long serialVersionUID = 1;

    public DeadlineExceededException(String message, String advice, @Nullable Throwable cause) {
        super(Errors.REQUEST_TIMED_OUT, true, message, advice, cause);
    }

    public DeadlineExceededException(String message, String advice) {
        this(message, advice, null);
    }
}
