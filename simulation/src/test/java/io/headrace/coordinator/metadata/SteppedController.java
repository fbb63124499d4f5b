package io.headrace.coordinator.metadata;

import io.headrace.coordinator.cluster.CoordinatorIdentity;
import io.headrace.simulation.network.Host;
import io.headrace.transport.loop.Loop;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * A controller that runs on a loop in the place of its thread. While a step waits for the database,
 * everything else goes on, and brings it work.
 */
public final class SteppedController {
    /** How soon what is asked is seen. */
    private static final long POLL_MS = 3;

    private SteppedController() {}

    /** Starts the controller of a process on a database. */
    public static void start(
            Controller controller,
            CoordinatorIdentity self,
            BooleanSupplier isWarm,
            SimulatedDatabase database,
            Host host) {
        Loop loop = host.loops(1).at(0);
        LongSupplier clockMs = host.world()::elapsedMs;
        controller.startStepped(self, isWarm, database.connection(host));
        loop.execute(() -> step(controller, loop, clockMs));
    }

    /**
     * Has it hand over what others can take, as {@link Controller#leave} does.
     *
     * @return completes when it has, or the limit is over
     */
    public static CompletableFuture<Void> leave(
            Controller controller, BooleanSupplier othersHaveAll, Duration limit, Loop loop) {
        CompletableFuture<Void> over = new CompletableFuture<>();
        controller.leave(othersHaveAll).thenRun(() -> loop.execute(() -> over.complete(null)));
        loop.schedule(() -> over.complete(null), limit.toMillis());
        return over;
    }

    /**
     * Has it end in order.
     *
     * @return completes when it has
     */
    public static CompletableFuture<Void> end(Controller controller) {
        controller.beginToEnd();
        return controller.ended();
    }

    private static void step(Controller controller, Loop loop, LongSupplier clockMs) {
        long pauseMs = Math.max(1, controller.step());
        if (controller.ended().isDone()) {
            return;
        }
        wait(controller, loop, clockMs, clockMs.getAsLong() + pauseMs);
    }

    private static void wait(Controller controller, Loop loop, LongSupplier clockMs, long untilMs) {
        long leftMs = untilMs - clockMs.getAsLong();
        if (controller.hasWork() || leftMs <= 0) {
            loop.schedule(() -> step(controller, loop, clockMs), 1);
        } else {
            loop.schedule(
                    () -> wait(controller, loop, clockMs, untilMs), Math.min(leftMs, POLL_MS));
        }
    }
}
