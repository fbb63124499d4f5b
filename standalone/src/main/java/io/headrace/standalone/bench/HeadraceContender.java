package io.headrace.standalone.bench;

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
record HeadraceContender(Path home, String name, String heap, Map<String, String> topicConfigs)
        implements Contender {

    @Override
    public String settings() {
        return "headrace up, heap " + heap + ", topic configs " + topicConfigs;
    }

    @Override
    public Server start(Path directory) throws IOException {
        int port = Contender.freePort();
        ProcessBuilder command =
                new ProcessBuilder(
                        home.resolve("headrace").toString(),
                        "up",
                        "--data",
                        directory.resolve("data").toString(),
                        "--kafka-port",
                        "" + port,
                        "--http-port",
                        "0");
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
        BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
        String line = output.readLine();
        while (line != null && !line.startsWith("Headrace is up")) {
            line = output.readLine();
        }
        if (line == null) {
            throw new IOException("headrace did not start; see " + directory.resolve("server.err"));
        }
        return new Server(process, "localhost:" + port, (System.nanoTime() - begun) / 1_000_000);
    }
}
