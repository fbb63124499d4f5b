package io.headrace.benchmarks.contender;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/**
 * This platform, as {@code headrace up} runs it: by the launcher, whose process becomes the JVM.
 *
 * @param home where the launcher is
 */
public record HeadraceContender(
        Path home, String name, String heap, Map<String, String> topicConfigs)
        implements Contender {

    @Override
    public String settings() {
        String extra = System.getenv("HEADRACE_JVM_OPTIONS");
        return "headrace up, heap "
                + heap
                + ", topic configs "
                + topicConfigs
                + (extra == null ? "" : ", JVM options " + extra);
    }

    @Override
    public Server start(Path directory) throws IOException {
        int port = Contender.freePort();
        int httpPort = Contender.freePort();
        ProcessBuilder command =
                new ProcessBuilder(
                        home.resolve("headrace").toString(),
                        "up",
                        "--data",
                        directory.resolve("data").toString(),
                        "--kafka-port",
                        "" + port,
                        "--http-port",
                        "" + httpPort);
        command.environment()
                .putAll(
                        Map.of(
                                "HEADRACE_HEAP", heap,
                                "HEADRACE_NO_BUILD", "true",
                                "HEADRACE_NO_CACHE", "true"));
        long begun = System.nanoTime();
        Process process =
                command.redirectInput(new File("/dev/null"))
                        .redirectError(directory.resolve("server.err").toFile())
                        .start();
        awaitLine(process, "Headrace is up", directory.resolve("server.err"));
        return Server.of(
                process,
                "localhost:" + port,
                "http://localhost:" + httpPort,
                (System.nanoTime() - begun) / 1_000_000);
    }

    /** Reads a server's output until it says that it is up. */
    static void awaitLine(Process process, String beginning, Path errors) throws IOException {
        BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
        String line = output.readLine();
        while (line != null && !line.startsWith(beginning)) {
            line = output.readLine();
        }
        if (line == null) {
            throw new IOException("The server did not start; see " + errors);
        }
    }
}
