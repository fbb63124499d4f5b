package io.headrace.coordinator.metadata;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** The pauses of a standby between two looks, which anybody may cut short (any thread). */
final class Naps {
    /** The least time between two looks, however often somebody wants one. */
    private static final long SHORTEST_MS = 5;

    private final Semaphore interruptions = new Semaphore(0);

    void interrupt() {
        if (interruptions.availablePermits() == 0) {
            interruptions.release();
        }
    }

    boolean isInterrupted() {
        return interruptions.availablePermits() > 0;
    }

    /** A look begins: what was to interrupt the nap before it is heard. */
    void begin() {
        interruptions.drainPermits();
    }

    void take(long delayMs) throws InterruptedException {
        if (interruptions.tryAcquire(delayMs, TimeUnit.MILLISECONDS)) {
            Thread.sleep(Math.min(delayMs, SHORTEST_MS));
            begin();
        }
    }
}
