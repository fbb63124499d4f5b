package io.headrace.storage.log;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;

/** Runs the blocking tasks of one log one after another, in order, on a shared executor. */
final class SerialTasks implements Executor {
    private final Executor io;
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>(0);
    private boolean running;

    SerialTasks(Executor io) {
        this.io = io;
    }

    @Override
    public void execute(Runnable task) {
        synchronized (waiting) {
            waiting.addLast(task);
            if (running) {
                return;
            }
            running = true;
        }
        io.execute(this::drain);
    }

    private void drain() {
        while (true) {
            Runnable next;
            synchronized (waiting) {
                next = waiting.pollFirst();
                if (next == null) {
                    running = false;
                    return;
                }
            }
            next.run();
        }
    }
}
