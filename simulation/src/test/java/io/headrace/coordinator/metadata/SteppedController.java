package io.headrace.coordinator.metadata;

import io.headrace.coordinator.cluster.CoordinatorIdentity;
import io.headrace.transport.loop.Loop;

/** A controller that runs on a loop in the place of its thread. */
public final class SteppedController {
    private static final long IDLE_MS = 10;

    private SteppedController() {}

    /** Starts the controller on a database. */
    public static void start(
            Controller controller,
            CoordinatorIdentity self,
            SimulatedDatabase database,
            Loop loop) {
        controller.startStepped(self, database.connection());
        loop.execute(() -> step(controller, loop));
    }

    private static void step(Controller controller, Loop loop) {
        long pauseMs = controller.step();
        long nextMs = controller.hasWork() ? 1 : Math.clamp(pauseMs, 1, IDLE_MS);
        loop.schedule(() -> step(controller, loop), nextMs);
    }
}
