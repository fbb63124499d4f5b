package io.headrace.coordinator.metadata;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/**
 * An orderly end that waits until others have the role and the shards. Asked for on any thread,
 * carried out on the controller's.
 */
final class Leave {
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
        if (!duty.othersStay() || (duty.isGivenNothingMore() && handedOver.getAsBoolean())) {
            done.complete(null);
        }
    }
}
