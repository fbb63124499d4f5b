package io.headrace.client.error;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * A failed operation of the client: what happened, whether trying again can help, and what to do.
 *
 * <pre>{@code
 * producer.send(record)
 *         .onErrorResume(HeadraceException.class, e -> e.retriable() ? later(record) : reject(e));
 * }</pre>
 */
public class HeadraceException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Errors error;
    private final boolean retriable;
    private final String advice;

    /**
     * @param error Kafka's error code; {@link Errors#UNKNOWN_SERVER_ERROR} when none fits
     * @param retriable whether the same operation may succeed later
     * @param advice what to do about it, a sentence; may be empty
     */
    public HeadraceException(
            Errors error,
            boolean retriable,
            String message,
            String advice,
            @Nullable Throwable cause) {
        super(advice.isEmpty() ? message : message + " " + advice, cause);
        this.error = error;
        this.retriable = retriable;
        this.advice = advice;
    }

    /** Kafka's error, {@link Errors#UNKNOWN_SERVER_ERROR} when it has none for this. */
    public Errors error() {
        return error;
    }

    /** Kafka's error code, as in the protocol. */
    public short errorCode() {
        return error.code();
    }

    /** Whether the same operation may succeed later. */
    public boolean retriable() {
        return retriable;
    }

    /** What to do about it; empty when there is nothing to say. Also the end of the message. */
    public String advice() {
        return advice;
    }
}
