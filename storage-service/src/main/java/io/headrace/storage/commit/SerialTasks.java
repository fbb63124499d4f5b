package io.headrace.storage.commit;

import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Runs the blocking tasks of one log one after another, in order, on a shared executor. */
public final class SerialTasks implements Executor {
    private final Executor io;
    private final ArrayDeque<Task> waiting = new ArrayDeque<>(0);
    private boolean running;

    public SerialTasks(Executor io) {
        this.io = io;
    }

    /** A task; answers whether it is over, or else runs what it was given when it is. */
    private interface Task {
        boolean start(Runnable whenOver);
    }

    @Override
    public void execute(Runnable task) {
        add(
                whenOver -> {
                    task.run();
                    return true;
                });
    }

    /** Runs a task that is over when it runs, once and on any thread, what it is given. */
    public void executeUntilOver(Consumer<Runnable> task) {
        add(
                whenOver -> {
                    task.accept(whenOver);
                    return false;
                });
    }

    /** Runs what has several steps, on whatever threads; later tasks wait for the last of them. */
    public <T> CompletableFuture<T> steps(Supplier<CompletableFuture<T>> all) {
        CompletableFuture<T> result = new CompletableFuture<>();
        executeUntilOver(
                whenOver ->
                        all.get()
                                .whenComplete(
                                        (done, failure) -> {
                                            whenOver.run();
                                            if (failure == null) {
                                                result.complete(done);
                                            } else {
                                                result.completeExceptionally(failure);
                                            }
                                        }));
        return result;
    }

    private void add(Task task) {
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
            Task next;
            synchronized (waiting) {
                next = waiting.pollFirst();
                if (next == null) {
                    running = false;
                    return;
                }
            }
            if (!next.start(() -> io.execute(this::drain))) {
                return;
            }
        }
    }
}
