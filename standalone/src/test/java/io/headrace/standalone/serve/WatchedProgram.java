package io.headrace.standalone.serve;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;

/** A program that does nothing but have itself watched. */
final class WatchedProgram {
    private WatchedProgram() {}

    /**
     * Says who it is, and stays.
     *
     * @param arguments the limit in milliseconds, the directory for notes, and any others
     */
    public static void main(String[] arguments) throws InterruptedException {
        Watchdog.start(
                new WatchdogSettings(Duration.ofMillis(Long.parseLong(arguments[0])), arguments[1]),
                () -> false);
        System.out.printf(
                "up pid=%d arguments=%s directory=%s variable=%s%n",
                ProcessHandle.current().pid(),
                Arrays.asList(arguments),
                Path.of("").toAbsolutePath(),
                System.getenv("WATCHED"));
        new CountDownLatch(1).await();
    }
}
