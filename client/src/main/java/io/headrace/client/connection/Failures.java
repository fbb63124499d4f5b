package io.headrace.client.connection;

import io.headrace.client.error.ClientClosedException;
import io.headrace.client.error.ConnectionFailedException;
import io.headrace.client.error.CorruptResponseException;
import io.headrace.client.error.DeadlineExceededException;
import io.headrace.client.error.HeadraceException;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.transport.channel.RequestTimeoutException;

import org.apache.kafka.common.protocol.Errors;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/** Turns what goes wrong below into {@link HeadraceException}s. */
public final class Failures {
    private Failures() {}

    /** The same future, failing only with {@link HeadraceException}s. */
    static <T> CompletableFuture<T> translate(CompletableFuture<T> future, Supplier<String> what) {
        CompletableFuture<T> translated = new CompletableFuture<>();
        future.whenComplete(
                (value, failure) -> {
                    if (failure == null) {
                        translated.complete(value);
                    } else {
                        translated.completeExceptionally(of(failure, what.get()));
                    }
                });
        return translated;
    }

    /** The failure as one that says what to do. */
    public static HeadraceException of(Throwable failure, String what) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = what + " failed: " + cause.getMessage() + ".";
        return switch (cause) {
            case HeadraceException known -> known;
            case RequestTimeoutException late ->
                    new DeadlineExceededException(message, "It may have taken effect.", late);
            case MalformedFrameException bad -> new CorruptResponseException(message, "", bad);
            case CorruptBatchException bad ->
                    new CorruptResponseException(
                            message, "The records are damaged; skip them or read a replica.", bad);
            case IOException lost ->
                    new ConnectionFailedException(
                            message, "Check the address and that the node is up.", lost);
            default ->
                    new HeadraceException(
                            Errors.UNKNOWN_SERVER_ERROR, false, message, "Report this.", cause);
        };
    }

    /** The failure of whatever is used after its end. */
    public static ClientClosedException closed(String what) {
        return new ClientClosedException(what + " is closed.", "Make a new one.");
    }
}
