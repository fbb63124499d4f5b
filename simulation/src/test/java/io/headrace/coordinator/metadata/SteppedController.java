package io.headrace.coordinator.metadata;

import io.headrace.coordinator.cluster.CoordinatorIdentity;
import io.headrace.transport.loop.Loop;

import java.util.function.LongSupplier;

/** A controller that runs on a loop in the place of its thread. */
public final class SteppedController {
    /** How soon what is asked is seen. */
    private static final long POLL_MS = 3;

    private SteppedController() {}

    /** Starts the controller on a database. */
    public static void start(
            Controller controller,
            CoordinatorIdentity self,
            SimulatedDatabase database,
            Loop loop,
            LongSupplier clockMs) {
        controller.startStepped(self, database.connection());
        loop.execute(() -> step(controller, loop, clockMs));
    }

    private static void step(Controller controller, Loop loop, LongSupplier clockMs) {
        long pauseMs = Math.max(1, controller.step());
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
