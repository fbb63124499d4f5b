package io.headrace.benchmarks.contender;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A contender that runs.
 *
 * @param processes all that belongs to it
 * @param nodes those of them that store records, by the id that clients see
 * @param httpUrl where its HTTP is, if it has any
 * @param startMs from its start until it served
 */
public record Server(
        List<ProcessHandle> processes,
        Map<Integer, ProcessHandle> nodes,
        String bootstrap,
        @Nullable String httpUrl,
        long startMs)
        implements AutoCloseable {

    private static final double QUIET_CPU_SECONDS = 0.15;

    /** A server that is one process. */
    static Server of(Process process, String bootstrap, @Nullable String httpUrl, long startMs) {
        ProcessHandle handle = process.toHandle();
        return new Server(List.of(handle), Map.of(1, handle), bootstrap, httpUrl, startMs);
    }

    /** The same, with another time of start. */
    Server startedIn(long ms) {
        return new Server(processes, nodes, bootstrap, httpUrl, ms);
    }

    /** What its processes, and those they started, have used so far. */
    public Usage usage() throws IOException {
        Usage sum = Usage.NONE;
        for (ProcessHandle process : processes) {
            sum = sum.plus(Usage.of(process.pid()));
            for (ProcessHandle started : process.descendants().toList()) {
                sum = sum.plus(Usage.of(started.pid()));
            }
        }
        return sum;
    }

    /**
     * Waits until it does next to nothing: what a start leaves to do is no part of what a load
     * costs.
     *
     * @param quietSeconds for how long on end it is to do nothing
     * @param maxSeconds after which it waits no longer
     * @return how long it waited, in milliseconds
     */
    public long awaitQuiet(int quietSeconds, int maxSeconds)
            throws IOException, InterruptedException {
        long begun = System.nanoTime();
        double used = usage().seconds();
        int quiet = 0;
        for (int second = 0; second < maxSeconds && quiet < quietSeconds; second++) {
            TimeUnit.SECONDS.sleep(1);
            double now = usage().seconds();
            quiet = now - used < QUIET_CPU_SECONDS ? quiet + 1 : 0;
            used = now;
        }
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
    }

    /** The largest resident size so far of any of those that store records. */
    public long largestNodePeakBytes() throws IOException {
        long largest = 0;
        for (ProcessHandle node : nodes.values()) {
            largest = Math.max(largest, Usage.of(node.pid()).peakBytes());
        }
        return largest;
    }

    /** How many files its processes have open. */
    public long openFiles() throws IOException {
        long open = 0;
        for (ProcessHandle process : processes) {
            try (var files = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
                open += files.count();
            }
        }
        return open;
    }

    /** Whether somebody accepts connections where clients are to begin. */
    static boolean accepts(String address) {
        int colon = address.lastIndexOf(':');
        try (Socket socket = new Socket()) {
            socket.connect(
                    new InetSocketAddress(
                            address.substring(0, colon),
                            Integer.parseInt(address.substring(colon + 1))),
                    1000);
            return true;
        } catch (IOException notYet) {
            return false;
        }
    }

    /** Ends it without notice, as {@code kill -9} does. */
    public void kill() {
        processes.forEach(ProcessHandle::destroyForcibly);
        awaitEnd();
    }

    @Override
    public void close() {
        processes.forEach(ProcessHandle::destroy);
        awaitEnd();
    }

    private void awaitEnd() {
        awaitEnd(processes);
    }

    /** Waits for processes that were told to end; the patience is limited. */
    static void awaitEnd(Collection<ProcessHandle> ending) {
        for (ProcessHandle process : ending) {
            try {
                process.onExit().get(20, TimeUnit.SECONDS);
            } catch (TimeoutException | ExecutionException e) {
                process.destroyForcibly();
            } catch (InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }
}
