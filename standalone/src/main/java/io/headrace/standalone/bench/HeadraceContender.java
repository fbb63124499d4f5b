package io.headrace.standalone.bench;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** This platform, as {@code headrace up} runs it. */
record HeadraceContender(String name, String heap, Map<String, String> topicConfigs)
        implements Contender {

    @Override
    public String settings() {
        return "headrace up, heap " + heap + ", topic configs " + topicConfigs;
    }

    @Override
    public Server start(Path directory) throws IOException {
        int port = Contender.freePort();
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(Contender.jvmOptions(heap));
        command.addAll(
                List.of(
                        "-XX:MaxDirectMemorySize=512m",
                        "-XX:+UseCompactObjectHeaders",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.headrace.standalone.Headrace",
                        "up",
                        "--data",
                        directory.resolve("data").toString(),
                        "--kafka-port",
                        "" + port,
                        "--http-port",
                        "0"));
        long begun = System.nanoTime();
        Process process =
                new ProcessBuilder(command)
                        .redirectInput(new File("/dev/null"))
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
