package io.headrace.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.testkit.fuzz.FuzzCampaign;
import io.headrace.testkit.process.ChildProcess;
import io.headrace.testkit.random.Seed;
import io.headrace.testkit.random.Seeded;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * Goal: nothing that comes over a socket crashes or hangs a node, makes it grow, or changes a log
 * that it has no right to.
 *
 * <p>The node is a process of its own, so that its memory can be looked at. {@code
 * -Dfuzz.socket.inputs=50000} makes it the long run.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class SocketFuzzIT {
    private static final int INPUTS = Integer.getInteger("fuzz.socket.inputs", 2_000);
    private static final int WARM_UP_INPUTS = 1_000;
    private static final long MAX_HEAP_GROWTH_BYTES = 24L << 20;
    private static final long MAX_RSS_GROWTH_BYTES = 128L << 20;
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir Path directory;
    private final FakeCoordinator coordinator = new FakeCoordinator();

    @Seeded
    void noInputHarms(Seed seed) throws Exception {
        int port = freePort();
        try (ChildProcess node = start(port)) {
            Eventually.until(LIMIT, () -> SocketDoor.answers(port), "an answer of the node");
            coordinator.createTopic("bystander", 1, Map.of());
            coordinator.createTopic("fuzzed", 1, Map.of("max.message.bytes", "20000000"));
            Uuid topicId = produceBystander(port);
            coordinator.refuseForwarded();
            FuzzCampaign campaign = new FuzzCampaign(seed.value());
            FuzzFrames.of("fuzzed", topicId)
                    .forEach(frame -> campaign.frame(frame.name(), frame.bytes()));
            SocketDoor door = new SocketDoor(port, seed.value());
            campaign.run(WARM_UP_INPUTS, door::send);
            Map<String, Long> before = checksums("bystander-0");
            long heap = heapBytes(node);
            long rss = rssBytes(node);

            var report = campaign.run(INPUTS, door::send);
            door.close();

            assertThat(node.isAlive()).as(node.tail()).isTrue();
            assertThat(SocketDoor.answers(port)).isTrue();
            assertThat(checksums("bystander-0")).isEqualTo(before);
            assertThat(bystanderCount(port)).isEqualTo(200);
            long heapAfter = heapBytes(node);
            long rssAfter = rssBytes(node);
            System.out.printf(
                    "%s%n%s%nheap %d -> %d MiB, resident %d -> %d MiB%n",
                    report, door, heap >> 20, heapAfter >> 20, rss >> 20, rssAfter >> 20);
            assertThat(heapAfter - heap).isLessThan(MAX_HEAP_GROWTH_BYTES);
            assertThat(rssAfter - rss).isLessThan(MAX_RSS_GROWTH_BYTES);
            assertThat(node.output()).doesNotContain("OutOfMemory").doesNotContain(" failed");
            node.terminate();
            assertThat(node.awaitExit(LIMIT)).isIn(0, 143);
        } finally {
            coordinator.close();
        }
    }

    private ChildProcess start(int port) throws IOException {
        Map<String, Object> settings =
                Map.of(
                        "server.port",
                        0,
                        "server.address",
                        "127.0.0.1",
                        "headrace.cluster.secret",
                        FakeCoordinator.SECRET,
                        "headrace.storage.coordinators",
                        "127.0.0.1:" + coordinator.port(),
                        "headrace.storage.listener.host",
                        "127.0.0.1",
                        "headrace.storage.listener.port",
                        port,
                        "headrace.storage.data-dirs",
                        directory.resolve("data"),
                        "logging.level.root",
                        "WARN");
        String[] arguments =
                settings.entrySet().stream()
                        .map(entry -> "--" + entry.getKey() + "=" + entry.getValue())
                        .toArray(String[]::new);
        return ChildProcess.java(
                        StorageApplication.class,
                        "-Xmx256m",
                        "-XX:MaxDirectMemorySize=256m",
                        "-XX:+UseSerialGC",
                        "-XX:+ExitOnOutOfMemoryError",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow")
                .arguments(arguments)
                .output(directory.resolve("node.out"))
                .start();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** Fills the topic that must not change; answers the id of the one that may. */
    private static Uuid produceBystander(int port) throws Exception {
        Map<String, Object> config =
                Map.of("bootstrap.servers", "127.0.0.1:" + port, "max.block.ms", 20_000);
        try (var producer =
                new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < 200; i++) {
                producer.send(new ProducerRecord<>("bystander", "k" + i, "v" + i));
            }
            producer.flush();
        }
        try (var admin = org.apache.kafka.clients.admin.Admin.create(config)) {
            return Objects.requireNonNull(
                            admin.describeTopics(List.of("fuzzed"))
                                    .allTopicNames()
                                    .get()
                                    .get("fuzzed"))
                    .topicId();
        }
    }

    private static long bystanderCount(int port) {
        Map<String, Object> config = Map.of("bootstrap.servers", "127.0.0.1:" + port);
        TopicPartition partition = new TopicPartition("bystander", 0);
        try (var consumer =
                new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
            return Objects.requireNonNull(consumer.endOffsets(List.of(partition)).get(partition));
        }
    }

    private Map<String, Long> checksums(String log) throws IOException {
        Map<String, Long> sums = new HashMap<>();
        try (Stream<Path> files = Files.list(directory.resolve("data").resolve(log))) {
            for (Path file : files.filter(f -> f.toString().endsWith(".log")).toList()) {
                CRC32C crc = new CRC32C();
                crc.update(Files.readAllBytes(file));
                sums.put(file.getFileName().toString(), crc.getValue());
            }
        }
        return sums;
    }

    /** What is used after a full collection. */
    private static long heapBytes(ChildProcess node) throws IOException {
        jcmd(node, "GC.run");
        Matcher used =
                Pattern.compile("(?i)(?:tenured|def ?new).* total \\d+K, used (\\d+)K")
                        .matcher(jcmd(node, "GC.heap_info"));
        long sum = 0;
        int found = 0;
        while (used.find()) {
            sum += Long.parseLong(used.group(1)) << 10;
            found++;
        }
        assertThat(found).isEqualTo(2);
        return sum;
    }

    private static String jcmd(ChildProcess node, String command) throws IOException {
        String program = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        try (ChildProcess jcmd =
                ChildProcess.command(program, Long.toString(node.pid()), command).start()) {
            assertThat(jcmd.awaitExit(LIMIT)).as(jcmd.tail()).isZero();
            return jcmd.output();
        }
    }

    private static long rssBytes(ChildProcess node) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + node.pid() + "/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                .findFirst()
                .orElseThrow();
    }
}
