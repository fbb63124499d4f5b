package io.headrace.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** A storage node on a disk that is really full: a small tmpfs, which only root can mount. */
@Timeout(120)
class FullDiskIT {
    private static final int DISK_MEGABYTES = 16;

    @TempDir Path directory;
    private Path disk;
    private FakeCoordinator coordinator;
    private StorageNode node;
    private String bootstrap;

    @BeforeEach
    void start() throws Exception {
        disk = Files.createDirectory(directory.resolve("disk"));
        int failed =
                run("mount", "-t", "tmpfs", "-o", "size=" + DISK_MEGABYTES + "m", "full-disk-test");
        Assumptions.assumeTrue(
                failed == 0, "A small disk of its own cannot be mounted: that takes root");
        Files.write(disk.resolve("spare"), new byte[4 << 20]); // to be given back later
        coordinator = new FakeCoordinator();
        startNode();
    }

    @AfterEach
    void stop() throws Exception {
        if (node != null) {
            node.close();
        }
        if (coordinator != null) {
            coordinator.close();
            run("umount");
        }
    }

    private int run(String... command) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of(command));
        words.add(disk.toString());
        try {
            return new ProcessBuilder(words).redirectErrorStream(true).start().waitFor();
        } catch (IOException e) {
            return -1; // there is no such program
        }
    }

    private void startNode() throws Exception {
        node =
                StorageNode.start(
                        NodeSettings.of(
                                coordinator.port(),
                                Map.of("headrace.storage.data-dirs", disk.toString())));
        bootstrap = "localhost:" + node.started().get(20, TimeUnit.SECONDS).getPort();
    }

    private KafkaProducer<String, String> producer() {
        return new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers", bootstrap,
                        "acks", "all",
                        "enable.idempotence", false,
                        "retries", 0,
                        "max.block.ms", 5_000,
                        "request.timeout.ms", 5_000,
                        "delivery.timeout.ms", 10_000),
                new StringSerializer(),
                new StringSerializer());
    }

    /** Produces until it is refused; answers with what. */
    private static Throwable fill(KafkaProducer<String, String> producer, List<String> acked)
            throws InterruptedException {
        String filling = "x".repeat(100_000);
        for (int i = 0; i < 10 * DISK_MEGABYTES; i++) {
            String value = acked.size() + filling;
            try {
                producer.send(new ProducerRecord<>("logs", 0, null, value)).get();
                acked.add(value);
            } catch (ExecutionException e) {
                return Objects.requireNonNull(e.getCause());
            }
        }
        throw new AssertionError("The disk took more than it can hold");
    }

    /** Takes every byte that is left. */
    private Path takeAllRoom() throws IOException {
        Path ballast = disk.resolve("ballast");
        try (FileChannel channel =
                FileChannel.open(
                        ballast, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.allocate(4096);
            for (int i = 0; i < DISK_MEGABYTES * 256; i++) {
                channel.write(bytes.clear());
            }
        } catch (IOException full) {
            assertThat(full).hasMessageContaining("No space left");
        }
        return ballast;
    }

    private List<String> read(int count) {
        List<String> values = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(
                        Map.of("bootstrap.servers", bootstrap, "enable.auto.commit", false),
                        new StringDeserializer(),
                        new StringDeserializer())) {
            TopicPartition logs = new TopicPartition("logs", 0);
            consumer.assign(List.of(logs));
            consumer.seekToBeginning(List.of(logs));
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            long end = consumer.endOffsets(List.of(logs)).getOrDefault(logs, 0L);
            while ((values.size() < count || consumer.position(logs) < end)
                    && System.nanoTime() < deadline) {
                consumer.poll(Duration.ofMillis(200)).forEach(each -> values.add(each.value()));
            }
        }
        return values;
    }

    @Test
    void aFullDiskRefusesRecordsAndServesOnWhenThereIsRoom() throws Exception {
        coordinator.createTopic("logs", 1, Map.of());
        List<String> acked = new ArrayList<>();
        try (KafkaProducer<String, String> producer = producer()) {
            assertThat(fill(producer, acked)).isInstanceOf(KafkaStorageException.class);
            Path ballast = takeAllRoom();
            coordinator.createTopic("late", 1, Map.of());
            assertThatThrownBy(
                            () -> producer.send(new ProducerRecord<>("late", 0, null, "no")).get())
                    .isInstanceOf(ExecutionException.class);
            // Long enough for checkpoints, which find no room either.
            assertThat(read(acked.size())).isEqualTo(acked);
            Eventually.until(
                    Duration.ofSeconds(20),
                    () -> checkpointAgeMs() > 6_000,
                    "a checkpoint was due and found no room");
            assertThat(fill(producer, acked)).isInstanceOf(KafkaStorageException.class);

            Files.delete(ballast);
            Files.delete(disk.resolve("spare"));
            Eventually.passes(
                    Duration.ofSeconds(20),
                    () -> producer.send(new ProducerRecord<>("late", 0, null, "yes")).get(),
                    "the log that found no room is there");
            String last = acked.size() + " after";
            producer.send(new ProducerRecord<>("logs", 0, null, last)).get();
            acked.add(last);
        }
        assertThat(read(acked.size())).isEqualTo(acked);
        node.close();
        startNode();
        assertThat(read(acked.size())).isEqualTo(acked);
    }

    private long checkpointAgeMs() throws IOException {
        return System.currentTimeMillis()
                - Files.getLastModifiedTime(disk.resolve("recovery-point-offset-checkpoint"))
                        .toMillis();
    }
}
