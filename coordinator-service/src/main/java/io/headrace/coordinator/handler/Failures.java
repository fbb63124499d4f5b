package io.headrace.coordinator.handler;

import org.apache.kafka.common.protocol.Errors;

import java.util.concurrent.CompletionException;

/** Failures of futures as Kafka's errors. */
public final class Failures {
    private Failures() {}

    static Throwable unwrap(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    public static Errors error(Throwable failure) {
        return Errors.forException(unwrap(failure));
    }

    public static String message(Throwable failure) {
        String message = unwrap(failure).getMessage();
        return message == null ? error(failure).message() : message;
    }
}
