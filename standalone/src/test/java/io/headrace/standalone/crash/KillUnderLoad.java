package io.headrace.standalone.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.RunningPlatform;
import io.headrace.testkit.history.AcknowledgementJournal;
import io.headrace.testkit.history.History;
import io.headrace.testkit.history.HistoryChecker;
import io.headrace.testkit.history.ReadRecord;
import io.headrace.testkit.history.SentRecord;
import io.headrace.testkit.process.ChildProcess;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Kills the whole process again and again while another process sends records, then checks that
 * every acknowledged record is read back, once, in order, at the offset that was promised.
 *
 * @param kills how often
 * @param megabytesPerSecond the rate that is sent at
 * @param bytesBetweenKills how much is acknowledged before each kill
 */
record KillUnderLoad(Path folder, int kills, double megabytesPerSecond, long bytesBetweenKills) {
    private static final String TOPIC = "under-fire";
    private static final int PARTITIONS = 6;
    private static final int RECORD_BYTES = 10_000;
    private static final Duration LIMIT = Duration.ofSeconds(90);

    void run() throws Exception {
        Path data = folder.resolve("data");
        Path journal = folder.resolve("journal");
        Path stop = folder.resolve("stop");
        int port = freePort();
        String[] where = {"--kafka-port", "" + port};
        RunningPlatform platform = RunningPlatform.start(data, where);
        try {
            createTopic(platform.kafkaAddress());
            try (ChildProcess producer =
                    ChildProcess.java(JournalingProducer.class, "-Xmx400m", "-XX:+UseSerialGC")
                            .arguments(
                                    platform.kafkaAddress(),
                                    TOPIC,
                                    "" + PARTITIONS,
                                    "" + RECORD_BYTES,
                                    "" + megabytesPerSecond,
                                    journal.toString(),
                                    stop.toString())
                            .output(folder.resolve("producer.out"))
                            .start()) {
                producer.awaitLine(LIMIT, "sending"::equals);
                for (int kill = 1; kill <= kills; kill++) {
                    awaitGrowth(data, bytesBetweenKills);
                    platform.process().killHard();
                    platform = RunningPlatform.start(data, where);
                    System.out.println("kill " + kill + " of " + kills + " done");
                }
                awaitGrowth(data, bytesBetweenKills / 4);
                Files.createFile(stop);
                assertThat(producer.awaitExit(LIMIT)).describedAs(producer.tail()).isZero();
                assertThat(producer.output()).doesNotContain("not acknowledged");
            }
            History history =
                    AcknowledgementJournal.read(journal, readAll(platform.kafkaAddress()));
            assertThat(history.acknowledged()).hasSameSizeAs(history.sent());
            System.out.println(
                    history.acknowledged().size()
                            + " acknowledged, "
                            + history.read().size()
                            + " read");
            assertThat(HistoryChecker.check(history)).isEmpty();
        } finally {
            platform.close();
        }
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void createTopic(String bootstrap) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) 1))).all().get();
        }
    }

    private static void awaitGrowth(Path data, long bytes) {
        long before = sizeOf(data);
        Eventually.until(
                LIMIT, () -> sizeOf(data) >= before + bytes, bytes + " more bytes in " + data);
    }

    private static long sizeOf(Path data) {
        try (var files = Files.walk(data)) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static List<ReadRecord> readAll(String bootstrap) {
        Map<String, Object> configs =
                Map.of(
                        "bootstrap.servers",
                        bootstrap,
                        "auto.offset.reset",
                        "earliest",
                        "max.partition.fetch.bytes",
                        8 << 20);
        List<TopicPartition> partitions =
                IntStream.range(0, PARTITIONS).mapToObj(p -> new TopicPartition(TOPIC, p)).toList();
        List<ReadRecord> read = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(
                        configs, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            Eventually.until(
                    LIMIT,
                    () -> {
                        consumer.poll(Duration.ofMillis(200))
                                .forEach(
                                        record -> {
                                            long sequence =
                                                    ByteBuffer.wrap(record.value()).getLong();
                                            read.add(
                                                    new ReadRecord(
                                                            "reader",
                                                            TOPIC,
                                                            record.partition(),
                                                            record.offset(),
                                                            new SentRecord(
                                                                    JournalingProducer.NAME,
                                                                    sequence,
                                                                    TOPIC,
                                                                    record.partition())));
                                        });
                        return partitions.stream()
                                .allMatch(p -> consumer.position(p) >= ends.getOrDefault(p, 0L));
                    },
                    "everything is read");
        }
        return read;
    }
}
