package io.headrace.standalone.threenodes;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.RunningCluster;
import io.headrace.testkit.process.ChildProcess;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.LongSerializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Feeds {@link WordCount} while processes are killed, and compares what it wrote with the answer of
 * a batch: for each word once every multiple of its weight, in order.
 */
final class WordCountRun implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final int PARTITIONS = 3;
    private static final int WORDS = 40;

    private final RunningCluster cluster;
    private final Path folder;
    private final RandomGenerator random;
    private final Map<String, Long> weights = new TreeMap<>();
    private final Map<String, Long> counts = new TreeMap<>();
    private final Map<String, List<Long>> totals = new TreeMap<>();
    private final KafkaProducer<String, String> lines;
    private final KafkaConsumer<String, Long> output;
    private ChildProcess application;
    private int starts;

    /** Makes the topics, writes the weights, starts the application. */
    WordCountRun(RunningCluster cluster, Path folder, RandomGenerator random) throws Exception {
        this.cluster = cluster;
        this.folder = folder;
        this.random = random;
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", cluster.bootstrap()))) {
            admin.createTopics(
                            List.of(WordCount.LINES, WordCount.WEIGHTS, WordCount.TOTALS).stream()
                                    .map(
                                            topic ->
                                                    new NewTopic(
                                                            topic,
                                                            Optional.of(PARTITIONS),
                                                            Optional.empty()))
                                    .toList())
                    .all()
                    .get();
        }
        writeWeights();
        lines = producer(new StringSerializer());
        output =
                new KafkaConsumer<>(
                        Map.of(
                                "bootstrap.servers", cluster.bootstrap(),
                                "isolation.level", "read_committed",
                                "auto.offset.reset", "earliest"),
                        new StringDeserializer(),
                        new LongDeserializer());
        output.assign(
                IntStream.range(0, PARTITIONS)
                        .mapToObj(each -> new TopicPartition(WordCount.TOTALS, each))
                        .toList());
        application = startApplication();
    }

    /** Weights are older than every line, so each line's words find theirs. */
    private void writeWeights() {
        try (KafkaProducer<String, Long> producer = producer(new LongSerializer())) {
            for (int i = 0; i < WORDS; i++) {
                weights.put("word" + i, 1L + random.nextInt(1_000));
            }
            weights.forEach(
                    (word, weight) ->
                            producer.send(
                                    new ProducerRecord<>(
                                            WordCount.WEIGHTS, null, 1_000L, word, weight)));
            producer.flush();
        }
    }

    private <V> KafkaProducer<String, V> producer(Serializer<V> values) {
        return new KafkaProducer<>(
                Map.of("bootstrap.servers", cluster.bootstrap(), "acks", "all"),
                new StringSerializer(),
                values);
    }

    private ChildProcess startApplication() throws IOException {
        starts++;
        return ChildProcess.java(WordCount.class, "-Xmx192m", "-XX:+UseSerialGC")
                .arguments(cluster.bootstrap(), "word-count", folder.resolve("state").toString())
                .output(folder.resolve("application-" + starts))
                .start();
    }

    /** Kills the application where it stands and starts it again. */
    void killApplication() throws IOException {
        application.killHard();
        application = startApplication();
    }

    /** Writes so many lines of a few words each. */
    void feed(int count) {
        for (int i = 0; i < count; i++) {
            List<String> words = new ArrayList<>();
            for (int w = random.nextInt(1, 6); w > 0; w--) {
                String word = "word" + random.nextInt(WORDS);
                counts.merge(word, 1L, Long::sum);
                words.add(word);
            }
            lines.send(
                    new ProducerRecord<>(
                            WordCount.LINES, "line" + random.nextInt(), String.join(" ", words)));
        }
        lines.flush();
    }

    /** Waits until so many words more have come out. */
    void awaitProgress(int words) {
        long wanted = seen() + words;
        Eventually.until(
                LIMIT,
                () -> {
                    poll();
                    return seen() >= wanted;
                },
                "progress of the application: " + application.tail());
    }

    private long seen() {
        return totals.values().stream().mapToLong(List::size).sum();
    }

    private void poll() {
        for (ConsumerRecord<String, Long> one : output.poll(Duration.ofMillis(200))) {
            totals.computeIfAbsent(one.key(), word -> new ArrayList<>()).add(one.value());
        }
    }

    /** Waits for the last word and compares everything; then nothing more may come. */
    void compare() {
        Map<String, List<Long>> expected = new HashMap<>();
        counts.forEach(
                (word, count) -> {
                    List<Long> multiples = new ArrayList<>();
                    for (long i = 1; i <= count; i++) {
                        multiples.add(i * weights.getOrDefault(word, 0L));
                    }
                    expected.put(word, multiples);
                });
        long words = counts.values().stream().mapToLong(Long::longValue).sum();
        Eventually.until(
                LIMIT,
                () -> {
                    poll();
                    return seen() >= words;
                },
                words + " words; the application said: " + application.tail());
        application.terminate();
        application.awaitExit(LIMIT);
        Map<TopicPartition, Long> ends = output.endOffsets(output.assignment());
        Eventually.until(
                LIMIT,
                () -> {
                    poll();
                    return ends.entrySet().stream()
                            .allMatch(end -> output.position(end.getKey()) >= end.getValue());
                },
                "the end of the output");
        assertThat(totals).isEqualTo(expected);
    }

    @Override
    public void close() {
        application.close();
        lines.close();
        output.close();
    }
}
