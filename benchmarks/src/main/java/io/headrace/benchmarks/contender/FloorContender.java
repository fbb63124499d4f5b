package io.headrace.benchmarks.contender;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The floor program.
 *
 * @param partitions of every topic
 */
public record FloorContender(String name, String heap, int partitions) implements Contender {
    private static final List<String> JVM_OPTIONS =
            List.of(
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "--enable-native-access=ALL-UNNAMED",
                    "--sun-misc-unsafe-memory-access=allow");

    @Override
    public String settings() {
        return "the floor program, heap " + heap + ", " + String.join(" ", JVM_OPTIONS);
    }

    @Override
    public Map<String, String> topicConfigs() {
        return Map.of();
    }

    @Override
    public boolean createsTopics() {
        return false;
    }

    @Override
    public Server start(Path directory) throws IOException {
        int port = Contender.freePort();
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(JVM_OPTIONS);
        command.addAll(
                List.of(
                        "-Xmx" + heap,
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.headrace.benchmarks.floor.FloorProgram",
                        "" + port,
                        "" + partitions,
                        directory.resolve("data").toString()));
        long begun = System.nanoTime();
        Process process =
                new ProcessBuilder(command)
                        .redirectInput(new File("/dev/null"))
                        .redirectError(directory.resolve("server.err").toFile())
                        .start();
        HeadraceContender.awaitLine(process, "The floor is up", directory.resolve("server.err"));
        return Server.of(
                process, "localhost:" + port, null, (System.nanoTime() - begun) / 1_000_000);
    }
}
