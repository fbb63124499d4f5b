package io.headrace.standalone.up;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headrace.standalone.RunningPlatform;
import io.headrace.testkit.process.ChildProcess;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;

/** What {@code headrace up} does when it is stopped, and when it cannot start. */
class UpIT {
    private static final Duration REFUSAL_LIMIT = Duration.ofSeconds(60);

    @TempDir Path folder;

    @Test
    void refusesPortsAndADirectoryInUseAndTheFirstGoesOn() throws Exception {
        Path data = folder.resolve("first");
        try (RunningPlatform first = RunningPlatform.start(data)) {
            String kafkaPort = portOf(first.kafkaAddress());
            String httpPort = portOf(first.httpUrl());
            Path other = folder.resolve("second");

            assertRefused("--kafka-port", other, "--kafka-port", kafkaPort, "--http-port", "0");
            assertRefused("--http-port", other, "--kafka-port", "0", "--http-port", httpPort);
            assertRefused("in use by another running headrace", data, "--kafka-port", "0");

            assertEquals(200, get(first.httpUrl() + "/api/v1/topics"));
            assertEquals(0, first.stop());
        }
    }

    @Test
    void refusesWhatIsNoDirectoryOfItsOwn() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "mine");
        assertRefused("not a directory", file);
        assertEquals("mine", Files.readString(file));

        assertRefused("Cannot use the data directory", Path.of("/proc/headrace"));

        Path broker = Files.createDirectory(folder.resolve("broker"));
        Files.writeString(broker.resolve("meta.properties"), "cluster.id=x");
        assertRefused("meta.properties", broker);
        try (var files = Files.list(broker)) {
            assertEquals(1, files.count());
        }
    }

    @Test
    void twoRunSideBySideStopCleanlyAndRefuseEachOthersLogs() throws Exception {
        Path one = folder.resolve("one");
        Path two = folder.resolve("two");
        try (RunningPlatform first = RunningPlatform.start(one);
                RunningPlatform second = RunningPlatform.start(two)) {
            assertEquals(200, get(first.httpUrl() + "/api/v1/topics"));
            assertEquals(200, get(second.httpUrl() + "/api/v1/topics"));
            assertEquals(0, first.stop());
            assertEquals(200, get(second.httpUrl() + "/api/v1/topics"));
            interrupt(second.process());
            assertEquals(0, second.process().awaitExit(Duration.ofSeconds(20)));
        }
        assertTrue(Files.exists(one.resolve("storage/.headrace-clean-shutdown")));
        assertTrue(Files.exists(two.resolve("storage/.headrace-clean-shutdown")));

        Path meta = one.resolve("storage/meta.properties");
        byte[] stranger = Files.readAllBytes(two.resolve("storage/meta.properties"));
        Files.write(meta, stranger);
        List<String> before = namesIn(one.resolve("storage"));
        assertRefused("belongs to cluster", one, "--kafka-port", "0", "--http-port", "0");
        assertArrayEquals(stranger, Files.readAllBytes(meta));
        assertEquals(before, namesIn(one.resolve("storage")));
    }

    @Test
    void endsWithOneLineWhenItsDiskIsGone() throws Exception {
        Path data = folder.resolve("lost");
        try (RunningPlatform platform = RunningPlatform.start(data)) {
            Map<String, Object> configs =
                    Map.of("bootstrap.servers", platform.kafkaAddress(), "linger.ms", 0);
            try (var producer =
                    new KafkaProducer<>(
                            configs, new ByteArraySerializer(), new ByteArraySerializer())) {
                producer.send(new ProducerRecord<>("here", new byte[10])).get();
                Files.move(data.resolve("storage"), folder.resolve("elsewhere"));
                assertEquals(1, platform.process().awaitExit(REFUSAL_LIMIT));
            }
            String said = platform.process().tail();
            assertTrue(said.contains("headrace: A service ended, so all do: Every log dir"), said);
        }
    }

    @Test
    void endsWithOneLineWhenTheGatewayEnds() throws Exception {
        Platform.Options options =
                new Platform.Options(folder.resolve("one"), "localhost", 0, 0, Map.of());
        try (Platform platform = new Platform(options)) {
            platform.start();
            platform.gateway().get().close();
            ExecutionException failure = assertThrows(ExecutionException.class, platform::awaitEnd);
            assertEquals("gateway stopped", Platform.messageOf(failure));
        }
    }

    @Test
    void refusesWrongUsageWithAHint() throws IOException {
        try (ChildProcess child =
                RunningPlatform.java(List.of()).arguments("up", "--kafka-port", "70000").start()) {
            assertEquals(2, child.awaitExit(REFUSAL_LIMIT));
            assertTrue(child.output().contains("headrace up --help"), child.output());
        }
    }

    /** It ends with 1 and one line that says why. */
    private static void assertRefused(String why, Path data, String... more) throws IOException {
        try (ChildProcess child =
                RunningPlatform.java(List.of())
                        .arguments("up", "--data", data.toString())
                        .arguments(more)
                        .start()) {
            assertEquals(1, child.awaitExit(REFUSAL_LIMIT), child.output());
            assertEquals(1, child.output().lines().count(), child.output());
            assertTrue(child.output().contains(why), child.output());
            assertFalse(child.output().contains("Exception:"), child.output());
        }
    }

    private static List<String> namesIn(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.map(Path::toString).sorted().toList();
        }
    }

    private static void interrupt(ChildProcess process) throws IOException {
        try (ChildProcess kill =
                ChildProcess.command("kill", "-INT", Long.toString(process.pid())).start()) {
            assertEquals(0, kill.awaitExit(Duration.ofSeconds(5)));
        }
    }

    private static int get(String url) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(
                            HttpRequest.newBuilder(URI.create(url)).build(),
                            HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        }
    }

    private static String portOf(String address) {
        return address.substring(address.lastIndexOf(':') + 1);
    }
}
