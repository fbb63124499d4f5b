package io.headrace.coordinator.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.metadata.MetadataImage;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What was answered survives kill -9; every commit is forced to the device. */
@Timeout(120)
class CrashTest {
    private static final int ANSWERS = 60;

    @TempDir Path directory;

    @Test
    void everyAnsweredChangeSurvivesAKill() throws Exception {
        List<String> created = writeAndKill(List.of());
        Controller controller = TopicWriter.controller(directory.resolve("data"));
        try {
            MetadataImage image = controller.metadataLog().image();
            assertThat(image.topicIds().keySet()).containsAll(created);
            assertThat(controller.metadataLog().nextOffset()).isEqualTo(image.nextOffset());
        } finally {
            controller.close();
        }
    }

    @Test
    void everyAnswerComesAfterAnFsync() throws Exception {
        Assumptions.assumeTrue(
                hasStrace(), "strace is not installed: nothing counts the fsyncs of the database");
        Path trace = directory.resolve("strace.txt");
        List<String> created =
                writeAndKill(
                        List.of(
                                "strace",
                                "-f",
                                "-qq",
                                "-e",
                                "trace=fsync,fdatasync",
                                "-o",
                                trace.toString()));
        try (Stream<String> lines = Files.lines(trace)) {
            long syncs = lines.filter(line -> line.contains("sync(")).count();
            assertThat(syncs).isGreaterThanOrEqualTo(created.size());
        }
    }

    private static boolean hasStrace() {
        return Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(path -> Files.isExecutable(Path.of(path, "strace")));
    }

    private List<String> writeAndKill(List<String> prefix)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        TopicWriter.class.getName(),
                        directory.resolve("data").toString()));
        Process process =
                new ProcessBuilder(command)
                        .redirectError(directory.resolve("errors.txt").toFile())
                        .start();
        List<String> created = new ArrayList<>();
        try (BufferedReader output = process.inputReader()) {
            String line = output.readLine();
            while (line != null && created.size() < ANSWERS) {
                if (line.startsWith("created ")) {
                    created.add(line.substring("created ".length()));
                }
                line = output.readLine();
            }
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            process.waitFor();
        }
        assertThat(created).as(Files.readString(directory.resolve("errors.txt"))).hasSize(ANSWERS);
        return created;
    }
}
