package io.headrace.simulation.network;

import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.Loops;
import io.headrace.transport.server.ConnectionHandler;
import io.headrace.transport.server.ServerConnection;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * One process: its loops and executors run until it dies. While it is paused nothing of it runs,
 * and what became due runs when it goes on.
 */
public final class Host {
    private final World world;
    private final String name;
    private final BooleanSupplier powered;
    private final List<Runnable> held = new ArrayList<>();
    private @Nullable Object running;
    private boolean dead;
    private boolean paused;
    private @Nullable Function<ServerConnection, ConnectionHandler> door;
    private @Nullable Loops doorLoops;
    private int nextDoorLoop;

    /**
     * @param name where other hosts find it
     * @param powered whether its machine has power still
     */
    public Host(World world, String name, BooleanSupplier powered) {
        this.world = world;
        this.name = name;
        this.powered = powered;
    }

    public String name() {
        return name;
    }

    public World world() {
        return world;
    }

    public boolean isAlive() {
        return !dead && powered.getAsBoolean();
    }

    public boolean isPaused() {
        return paused;
    }

    /** Ends the process. */
    public void die() {
        dead = true;
        held.clear();
        door = null;
    }

    public void pause() {
        paused = true;
    }

    public void goOn() {
        paused = false;
        List<Runnable> due = new ArrayList<>(held);
        held.clear();
        due.forEach(task -> world.time().execute(task));
    }

    /** Thrown in a thread of a process that has died while it waited: nothing of it goes on. */
    private static final class ProcessEndedError extends Error {
        private static final long serialVersionUID = 1;

        ProcessEndedError(String name) {
            super(name + " has died", null, false, false);
        }
    }

    /**
     * The thread that calls waits, and everything else goes on meanwhile, other threads of this
     * process among it. A paused process waits until it goes on; one that died never comes back.
     */
    public void sleep(long delayMs) {
        pass(delayMs);
        while (paused && isAlive()) {
            pass(1);
        }
        if (!isAlive()) {
            throw new ProcessEndedError(name);
        }
    }

    /** As {@link #sleep}, but comes back although this process is paused or dead. */
    public void pass(long delayMs) {
        Object self = running;
        running = null;
        try {
            world.time().advance(Duration.ofMillis(delayMs));
        } finally {
            running = self;
        }
    }

    /** Opens the port: connections are spread over the loops. */
    public void serve(Loops loops, Function<ServerConnection, ConnectionHandler> handlers) {
        doorLoops = loops;
        door = handlers;
    }

    /** Closes the port: nobody is let in any more. */
    public void shut() {
        door = null;
    }

    @Nullable Function<ServerConnection, ConnectionHandler> door() {
        return door;
    }

    Loop nextDoorLoop() {
        Loops loops = doorLoops;
        if (loops == null) {
            throw new IllegalStateException(name + " serves nobody");
        }
        return loops.at(nextDoorLoop++ % loops.size());
    }

    /** Loops of this process. */
    public Loops loops(int count) {
        List<Loop> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(new HostLoop());
        }
        return new Loops() {
            @Override
            public int size() {
                return all.size();
            }

            @Override
            public Loop at(int index) {
                return all.get(index);
            }
        };
    }

    /** Threads of this process, on which a task takes some milliseconds to begin. */
    public Executor threads(long minMs, long maxMs) {
        Object self = new Object();
        return task -> world.after(world.between(minMs, maxMs), () -> run(self, task));
    }

    private void run(Object where, Runnable task) {
        if (!isAlive()) {
            return;
        }
        if (paused) {
            held.add(() -> run(where, task));
            return;
        }
        Object before = running;
        running = where;
        try {
            task.run();
        } catch (ProcessEndedError e) {
            held.clear();
        } finally {
            running = before;
        }
    }

    /** One loop: its tasks run in order, on nobody else's time. */
    private final class HostLoop implements Loop {
        @Override
        public boolean inLoop() {
            return running == this;
        }

        @Override
        public void execute(Runnable task) {
            world.time().execute(() -> Host.this.run(this, task));
        }

        @Override
        public ScheduledTask schedule(Runnable task, long delayMs) {
            var scheduled =
                    world.time()
                            .after(
                                    Duration.ofMillis(Math.max(0, delayMs)),
                                    () -> Host.this.run(this, task));
            return scheduled::cancel;
        }
    }
}
