package io.headrace.standalone.threenodes;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.RunningCluster;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Transactions a second of four writers on three nodes, each of one record in each of three
 * partitions; then the same on three nodes of Apache Kafka with its own defaults. Wants an
 * otherwise idle machine.
 */
@Tag("fault")
@Timeout(300)
class TransactionSpeedIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int WARM_UP = 500;
    private static final int MEASURED = 1_500;
    private static final int WRITERS = 4;
    private static final int PARTITIONS = 3;

    @TempDir private Path folder;

    @Test
    void twiceAsManyAsKafka() throws Exception {
        double here;
        try (RunningCluster cluster = RunningCluster.start(folder.resolve("own"), Map.of())) {
            here = rate(cluster.bootstrap());
        }
        double kafka;
        try (KafkaNodes nodes = KafkaNodes.start(folder)) {
            kafka = rate(nodes.bootstrap());
        }
        System.out.printf(
                "TransactionSpeedIT: %.0f transactions a second, Kafka %.0f, ratio %.2f%n",
                here, kafka, here / kafka);
        assertThat(here).isGreaterThan(2 * kafka);
    }

    private static double rate(String bootstrap) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic("moves", PARTITIONS, (short) 3))).all().get();
        }
        List<TransactionWriter> writers = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
            writers.add(
                    new TransactionWriter(
                            "speed" + i, bootstrap, "moves", PARTITIONS, Duration.ZERO));
        }
        try {
            awaitCount(writers, WARM_UP);
            long before = count(writers);
            long begunNanos = System.nanoTime();
            awaitCount(writers, before + MEASURED);
            return (count(writers) - before) * 1e9 / (System.nanoTime() - begunNanos);
        } finally {
            writers.forEach(TransactionWriter::close);
            assertThat(writers).allMatch(writer -> writer.failures() == 0);
        }
    }

    private static void awaitCount(List<TransactionWriter> writers, long wanted) {
        Eventually.until(LIMIT, () -> count(writers) >= wanted, wanted + " transactions");
    }

    private static long count(List<TransactionWriter> writers) {
        return writers.stream()
                .mapToLong(writer -> writer.committed().size() + writer.aborted().size())
                .sum();
    }
}
