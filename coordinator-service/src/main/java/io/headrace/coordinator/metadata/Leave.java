package io.headrace.coordinator.metadata;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/**
 * An orderly end that waits until others have the role and the shards. Asked for on any thread,
 * carried out on the controller's.
 */
final class Leave {
    private static final Logger log = LoggerFactory.getLogger(Leave.class);

    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private volatile @Nullable BooleanSupplier othersHaveAll;

    /**
     * @param othersHaveAll whether nothing is left that others are to take over
     */
    void ask(BooleanSupplier othersHaveAll) {
        this.othersHaveAll = othersHaveAll;
    }

    /** Completes when this coordinator may end. */
    CompletableFuture<Void> done() {
        return done;
    }

    /** Goes on with it, if it was asked for. */
    void proceed(ControllerDuty duty) {
        BooleanSupplier handedOver = othersHaveAll;
        if (handedOver == null || done.isDone()) {
            return;
        }
        duty.beginLeaving();
        if (!duty.othersStay() || (!duty.hasRole() && handedOver.getAsBoolean())) {
            done.complete(null);
        }
    }

    /** Waits for the end of a leave, no longer than the limit. */
    static void await(CompletableFuture<Void> done, Duration limit) {
        try {
            done.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            log.warn("This coordinator ends before others have all that it had");
        }
    }
}
