package io.headrace.transport.loop;

import java.util.concurrent.Executor;

/** A single thread that runs tasks in the order they arrive. Tasks never block. */
public interface Loop extends Executor {

    /** Whether the calling thread is this loop's. */
    boolean inLoop();

    /** Runs the task at once when called on this loop, otherwise queues it. */
    default void run(Runnable task) {
        if (inLoop()) {
            task.run();
        } else {
            execute(task);
        }
    }

    /** Runs the task on this loop after a delay. */
    ScheduledTask schedule(Runnable task, long delayMs);

    /** A task that waits for its time. */
    interface ScheduledTask {
        /** Takes the task back; does nothing if it ran. */
        void cancel();
    }
}
