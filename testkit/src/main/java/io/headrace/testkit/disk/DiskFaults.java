package io.headrace.testkit.disk;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/** The planted faults of one disk, and the countdown to its power loss. Thread-safe. */
final class DiskFaults {
    private sealed interface Fault {
        DiskOperation operation();

        Predicate<Path> paths();
    }

    private static final class Failure implements Fault {
        final DiskOperation operation;
        final Predicate<Path> paths;
        final String message;
        int timesLeft;

        Failure(DiskOperation operation, Predicate<Path> paths, String message, int times) {
            this.operation = operation;
            this.paths = paths;
            this.message = message;
            this.timesLeft = times;
        }

        @Override
        public DiskOperation operation() {
            return operation;
        }

        @Override
        public Predicate<Path> paths() {
            return paths;
        }
    }

    private record Delay(DiskOperation operation, Predicate<Path> paths, Duration duration)
            implements Fault {}

    private record Hold(DiskOperation operation, Predicate<Path> paths, HeldOperations gate)
            implements Fault {}

    private final RandomGenerator random;
    private final List<Fault> faults = new ArrayList<>();
    private long changesUntilPowerLoss = Long.MAX_VALUE;
    private long bytesUntilPowerLoss = Long.MAX_VALUE;
    private boolean poweredOff;

    DiskFaults(RandomGenerator random) {
        this.random = random;
    }

    synchronized void fail(
            DiskOperation operation, Predicate<Path> paths, String message, int times) {
        faults.add(new Failure(operation, paths, message, times));
    }

    synchronized void slow(DiskOperation operation, Predicate<Path> paths, Duration duration) {
        faults.add(new Delay(operation, paths, duration));
    }

    synchronized HeldOperations hold(DiskOperation operation, Predicate<Path> paths) {
        HeldOperations gate = new HeldOperations();
        faults.add(new Hold(operation, paths, gate));
        return gate;
    }

    synchronized void clear() {
        for (Fault fault : faults) {
            if (fault instanceof Hold hold) {
                hold.gate.close();
            }
        }
        faults.clear();
    }

    synchronized void cutPowerAfterChanges(long changes) {
        changesUntilPowerLoss = changes;
    }

    synchronized void cutPowerAfterBytes(long bytes) {
        bytesUntilPowerLoss = bytes;
    }

    synchronized void cutPower() {
        poweredOff = true;
        clear();
    }

    synchronized boolean poweredOff() {
        return poweredOff;
    }

    synchronized void requirePower() throws PowerLossException {
        if (poweredOff) {
            throw new PowerLossException();
        }
    }

    /** Waits, when the operation is slow or held; called outside the disk's lock. */
    void delay(DiskOperation operation, Path path) {
        Duration pause = Duration.ZERO;
        List<HeldOperations> gates = new ArrayList<>();
        synchronized (this) {
            for (Fault fault : faults) {
                if (fault.operation() == operation && fault.paths().test(path)) {
                    switch (fault) {
                        case Delay slow -> pause = pause.plus(slow.duration);
                        case Hold hold -> gates.add(hold.gate);
                        case Failure failure -> {}
                    }
                }
            }
        }
        gates.forEach(HeldOperations::pass);
        long deadline = System.nanoTime() + pause.toNanos();
        for (long left = pause.toNanos(); left > 0; left = deadline - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    /** The planted message, when this operation is to fail now; null when it may go on. */
    synchronized @Nullable String failure(DiskOperation operation, Path path) {
        for (Fault fault : faults) {
            if (fault instanceof Failure failure
                    && failure.operation == operation
                    && failure.timesLeft > 0
                    && failure.paths.test(path)) {
                failure.timesLeft--;
                return failure.message;
            }
        }
        return null;
    }

    void check(DiskOperation operation, Path path) throws IOException {
        requirePower();
        String message = failure(operation, path);
        if (message != null) {
            throw new IOException(message);
        }
    }

    /** Counts one change that is not a write; true when the power goes before it is done. */
    synchronized boolean powerGoesAtChange() {
        if (changesUntilPowerLoss-- <= 0) {
            cutPower();
            return true;
        }
        return false;
    }

    /** Counts one write; how many of its bytes arrive before the power goes, or all of them. */
    synchronized int bytesBeforePowerGoes(int count) {
        if (changesUntilPowerLoss-- <= 0) {
            cutPower();
            return random.nextInt(count + 1);
        }
        if (bytesUntilPowerLoss < count) {
            cutPower();
            return (int) bytesUntilPowerLoss;
        }
        bytesUntilPowerLoss -= count;
        return count;
    }
}
