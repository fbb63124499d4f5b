package io.headrace.standalone.cluster;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A process that was started for a node, known by its id and the time of its start: ids are given
 * out again.
 *
 * @param started what distinguishes it from other processes that had or will have this id
 */
public record NodeProcess(long pid, String started) {
    private static final long SIGNAL_SECONDS = 10;
    private static final Duration POLL = Duration.ofMillis(20);

    /** The field of {@code /proc/PID/stat} after the name with the start in clock ticks. */
    private static final int START_FIELD = 19;

    private static final int STATE_FIELD = 0;
    private static final boolean LINUX = Files.exists(Path.of("/proc/self/stat"));

    /** A signal that can be sent. */
    public enum Signal {
        TERM,
        KILL,
        STOP,
        CONT,
        INT
    }

    /** The process with this id as it runs now. */
    static NodeProcess of(long pid) {
        String started = startOf(pid);
        if (started == null) {
            throw new ClusterFailureException("Process " + pid + " ended as soon as it started");
        }
        return new NodeProcess(pid, started);
    }

    /** What {@link #toString} wrote, in the first line. */
    static Optional<NodeProcess> parse(String text) {
        String[] words = text.strip().lines().findFirst().orElse("").split(" ", 2);
        try {
            return words.length == 2
                    ? Optional.of(new NodeProcess(Long.parseLong(words[0]), words[1]))
                    : Optional.empty();
        } catch (NumberFormatException torn) {
            return Optional.empty();
        }
    }

    private static @Nullable String startOf(long pid) {
        if (LINUX) {
            List<String> stat = stat(pid);
            return stat.isEmpty() || stat.get(STATE_FIELD).equals("Z")
                    ? null
                    : stat.get(START_FIELD) + "@" + bootId();
        }
        return ProcessHandle.of(pid)
                .filter(ProcessHandle::isAlive)
                .flatMap(handle -> handle.info().startInstant())
                .map(Instant::toString)
                .orElse(null);
    }

    private static List<String> stat(long pid) {
        try {
            String line = Files.readString(Path.of("/proc/" + pid + "/stat"));
            return List.of(line.substring(line.lastIndexOf(')') + 2).split(" ", -1));
        } catch (IOException gone) {
            return List.of();
        }
    }

    private static String bootId() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
        } catch (IOException unknown) {
            return "";
        }
    }

    /** Whether this very process runs, or is paused. */
    public boolean isAlive() {
        return started.equals(startOf(pid));
    }

    /** Whether it is paused by a signal. */
    public boolean isPaused() {
        return LINUX && isAlive() && stat(pid).get(STATE_FIELD).equals("T");
    }

    /** Memory that it holds now, in bytes; -1 when unknown. */
    public long residentBytes() {
        try (var lines = Files.lines(Path.of("/proc/" + pid + "/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                    .findFirst()
                    .orElse(-1);
        } catch (IOException gone) {
            return -1;
        }
    }

    /**
     * Sends a signal to it.
     *
     * @return false if it does not run any more
     */
    public boolean signal(Signal signal) throws InterruptedException {
        return isAlive() && send(signal, pid);
    }

    /** Sends a signal to it and to all of its descendants; these first when it is a pause. */
    boolean signalTree(Signal signal) throws InterruptedException {
        if (!isAlive()) {
            return false;
        }
        List<Long> children =
                ProcessHandle.of(pid).stream()
                        .flatMap(ProcessHandle::descendants)
                        .map(ProcessHandle::pid)
                        .toList();
        boolean sent = send(signal, pid);
        for (long child : children) {
            send(signal, child);
        }
        return sent;
    }

    private static boolean send(Signal signal, long pid) throws InterruptedException {
        try {
            Process kill =
                    new ProcessBuilder("kill", "-" + signal.name(), Long.toString(pid))
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            if (!kill.waitFor(SIGNAL_SECONDS, TimeUnit.SECONDS)) {
                kill.destroyForcibly();
                return false;
            }
            return kill.exitValue() == 0;
        } catch (IOException e) {
            throw new ClusterFailureException("No signal could be sent: " + e.getMessage(), e);
        }
    }

    /** Waits until it is gone, at most for the limit. */
    public boolean awaitEnd(Duration limit) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + limit.toNanos();
        while (isAlive()) {
            if (System.nanoTime() > deadlineNanos) {
                return false;
            }
            Thread.sleep(POLL);
        }
        return true;
    }

    @Override
    public String toString() {
        return pid + " " + started;
    }
}
