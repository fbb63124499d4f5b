package io.headrace.standalone.fault;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs small programs of the system. */
final class Commands {
    private static final long LIMIT_SECONDS = 20;

    private Commands() {}

    /**
     * Runs one.
     *
     * @throws IOException if it fails; the message holds what it said
     */
    static void run(String... command) throws IOException, InterruptedException {
        read(command);
    }

    /**
     * Runs one and returns what it said.
     *
     * @throws IOException if it fails; the message holds what it said
     */
    static String read(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException(List.of(command) + " does not end");
        }
        if (process.exitValue() != 0) {
            throw new IOException(List.of(command) + " failed: " + said.strip());
        }
        return said;
    }

    /** Whether it runs and succeeds. */
    static boolean works(String... command) throws InterruptedException {
        try {
            run(command);
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
