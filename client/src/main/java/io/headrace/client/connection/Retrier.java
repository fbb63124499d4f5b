package io.headrace.client.connection;

import io.headrace.client.error.DeadlineExceededException;
import io.headrace.client.error.HeadraceException;
import io.headrace.transport.loop.Loop;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Tries operations again, with growing pauses, until they succeed, cannot, or are out of time. */
public final class Retrier {
    private final Loop timer;
    private final Backoff backoff;
    private final Duration operationTimeout;

    public Retrier(Loop timer, ConnectionOptions options) {
        this.timer = timer;
        this.backoff = new Backoff(options.retryBackoff(), options.retryBackoffMax());
        this.operationTimeout = options.operationTimeout();
    }

    public Loop timer() {
        return timer;
    }

    /**
     * What the first successful attempt answers; the failure of an attempt that is not retriable;
     * or {@link DeadlineExceededException} with the last failure as cause.
     *
     * @param what the operation, for messages
     */
    public <T> CompletableFuture<T> run(String what, Supplier<CompletableFuture<T>> attempt) {
        CompletableFuture<T> result = new CompletableFuture<>();
        long deadlineNanos = System.nanoTime() + operationTimeout.toNanos();
        tryOnce(what, attempt, result, 1, deadlineNanos);
        return result;
    }

    private <T> void tryOnce(
            String what,
            Supplier<CompletableFuture<T>> attempt,
            CompletableFuture<T> result,
            int number,
            long deadlineNanos) {
        CompletableFuture<T> answer;
        try {
            answer = attempt.get();
        } catch (RuntimeException e) {
            answer = CompletableFuture.failedFuture(e);
        }
        answer.whenComplete(
                (value, failure) -> {
                    if (failure == null) {
                        result.complete(value);
                        return;
                    }
                    HeadraceException known = Failures.of(failure, what);
                    long delayMs = backoff.delayMs(number);
                    boolean late = System.nanoTime() + delayMs * 1_000_000 - deadlineNanos > 0;
                    if (!known.retriable()) {
                        result.completeExceptionally(known);
                    } else if (late) {
                        result.completeExceptionally(
                                new DeadlineExceededException(
                                        what
                                                + " did not succeed within "
                                                + operationTimeout
                                                + "; last: "
                                                + known.getMessage(),
                                        "",
                                        known));
                    } else {
                        timer.schedule(
                                () -> tryOnce(what, attempt, result, number + 1, deadlineNanos),
                                delayMs);
                    }
                });
    }
}
