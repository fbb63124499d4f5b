package io.headrace.standalone.serve;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/**
 * A small process beside this one that hears a sign of life from it now and then, ends it when it
 * hears none for too long, and starts it again in its own place: a paused or stuck process would
 * keep its connections open, and clients would wait for their request timeout.
 *
 * <p>The signs come from a thread that does nothing else, so nobody waits for the watchdog; without
 * it the process goes on as before. What the watchdog does is in {@code watchdog.sh}.
 */
final class Watchdog {
    private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);

    /**
     * The variable in which a process that took the place of another one is told of its restarts.
     */
    static final String RESTARTS = "HEADRACE_WATCHDOG_RESTARTS";

    private static final String SCRIPT = "watchdog.sh";

    /** How many signs may be missing; more of them find the end of a timeout more precisely. */
    private static final int SIGNS = 8;

    private final Process process;
    private final Duration between;
    private final BooleanSupplier isStopping;

    private Watchdog(Process process, Duration between, BooleanSupplier isStopping) {
        this.process = process;
        this.between = between;
        this.isStopping = isStopping;
    }

    /**
     * Has this process watched from now on, where that is possible.
     *
     * @param isStopping whether this process ends, and the watchdog may as well
     */
    static void start(WatchdogSettings settings, BooleanSupplier isStopping) {
        if (settings.timeout().isZero()) {
            return;
        }
        if (!Files.isReadable(Path.of("/proc/self/stat"))) {
            LOG.info("Nobody notices when this process hangs: that needs Linux");
            return;
        }
        if (mayBeDebugged()) {
            LOG.info("Nobody notices when this process hangs: a debugger may let it stand still");
            return;
        }
        Duration between = settings.timeout().dividedBy(SIGNS);
        try {
            Process process =
                    new ProcessBuilder(
                                    "bash",
                                    "-s",
                                    "--",
                                    "headrace-watchdog",
                                    Long.toString(ProcessHandle.current().pid()),
                                    Long.toString(between.toMillis()),
                                    Integer.toString(SIGNS),
                                    settings.directory())
                            .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
            Watchdog watchdog = new Watchdog(process, between, isStopping);
            Thread.ofPlatform().daemon().name("watchdog").start(watchdog::giveSigns);
        } catch (IOException e) {
            LOG.warn("Nobody notices when this process hangs: {}", e.getMessage());
        }
    }

    private static boolean mayBeDebugged() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .anyMatch(
                        option ->
                                option.startsWith("-agentlib:jdwp")
                                        || option.startsWith("-Xrunjdwp"));
    }

    private void giveSigns() {
        try (OutputStream pipe = process.getOutputStream()) {
            pipe.write(script());
            while (true) {
                pipe.write('\n');
                pipe.flush();
                Thread.sleep(between);
            }
        } catch (IOException ended) {
            onEnd();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Not said when it ended by its own choice, which it has explained, or with this process. */
    private void onEnd() {
        try {
            int exit = process.waitFor();
            Thread.sleep(between);
            if (exit != 0 && !isStopping.getAsBoolean()) {
                LOG.warn(
                        "The watchdog of this process ended ({}): nobody notices any more when this"
                                + " process hangs",
                        exit);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    static byte[] script() throws IOException {
        try (InputStream script = Watchdog.class.getResourceAsStream(SCRIPT)) {
            return Objects.requireNonNull(script, SCRIPT).readAllBytes();
        }
    }
}
