package io.headrace.client.error;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** A node answered an error code. */
public final class ServerErrorException extends HeadraceException {
    private static final long serialVersionUID = 1;

    private ServerErrorException(Errors error, String message, String advice) {
        super(error, ErrorAdvice.isRetriable(error), message, advice, null);
    }

    /**
     * The exception for an error code.
     *
     * @param what what was tried, as in "Writing to orders-0"
     * @param detail what the node said besides, or null
     */
    public static ServerErrorException of(Errors error, String what, @Nullable String detail) {
        String explanation = detail == null || detail.isBlank() ? error.message() : detail;
        String message = what + " failed with " + error.name() + ": " + sentence(explanation);
        return new ServerErrorException(error, message, ErrorAdvice.of(error));
    }

    private static String sentence(String text) {
        String trimmed = text.strip();
        return trimmed.endsWith(".") ? trimmed : trimmed + ".";
    }
}
