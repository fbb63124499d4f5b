package io.headrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.batch.ControlMarker;

import org.apache.kafka.tools.DumpLogSegments;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Kafka's own reader of log directories reads ours. */
@ResourceLock(Resources.SYSTEM_OUT)
final class DumpLogSegmentsTest {
    @TempDir Path directory;

    private static String dump(String... arguments) throws Exception {
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            DumpLogSegments.main(arguments);
        } finally {
            System.setOut(before);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }

    private static List<Path> files(Path log, String kind) throws Exception {
        try (Stream<Path> files = Files.list(log)) {
            return files.filter(file -> file.toString().endsWith(kind)).sorted().toList();
        }
    }

    private LogFixture filled() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of("segment.bytes", "1048576"));
        PartitionLog log = fixture.log();
        for (int i = 0; i < 300; i++) {
            log.append(
                    LogFixture.batch(3, 2000, fixture.nowMs + 10L * (i % 50) + i),
                    i / 100,
                    AppendOrigin.CLIENT,
                    fixture.nowMs);
        }
        log.append(LogFixture.batch(77, 2, 0, true, 4), 3, AppendOrigin.CLIENT, fixture.nowMs);
        log.append(
                LogFixture.marker(ControlMarker.Type.ABORT, 77, 2, 5),
                3,
                AppendOrigin.COORDINATOR,
                fixture.nowMs);
        fixture.store().close();
        return fixture;
    }

    @Test
    void readsEveryRecordOfEverySegment() throws Exception {
        LogFixture fixture = filled();
        List<Path> logs = files(fixture.logPath(), ".log");
        assertThat(logs).hasSizeGreaterThan(1);
        StringBuilder all = new StringBuilder();
        for (Path log : logs) {
            all.append(dump("--deep-iteration", "--files", log.toString()));
        }
        String printed = all.toString();
        assertThat(printed.lines().filter(line -> line.contains("| offset: "))).hasSize(905);
        assertThat(printed).contains("isvalid: true").doesNotContain("isvalid: false");
        assertThat(printed).contains("endTxnMarker: ABORT coordinatorEpoch: 5");
        assertThat(printed).contains("partitionLeaderEpoch: 2").contains("producerId: 77");
        assertThat(printed).doesNotContain("truncate").doesNotContain("Found mismatch");
    }

    @Test
    void findsOffsetAndTimeIndexesInOrder() throws Exception {
        LogFixture fixture = filled();
        List<Path> offsets = files(fixture.logPath(), ".index");
        List<Path> times = files(fixture.logPath(), ".timeindex");
        assertThat(offsets).hasSameSizeAs(files(fixture.logPath(), ".log"));
        for (Path index : offsets) {
            assertThat(Files.size(index)).isPositive();
            assertThat(dump("--index-sanity-check", "--files", index.toString()))
                    .contains("passed sanity check");
            assertThat(dump("--verify-index-only", "--files", index.toString()))
                    .doesNotContain("Mismatches");
        }
        for (Path index : times) {
            assertThat(Files.size(index)).isPositive();
            assertThat(dump("--index-sanity-check", "--files", index.toString()))
                    .contains("passed sanity check");
            assertThat(dump("--files", index.toString()))
                    .contains("timestamp: ")
                    .doesNotContain("mismatch")
                    .doesNotContain("Found out of order")
                    .doesNotContain("not found");
        }
    }

    @Test
    void readsProducerSnapshotsAndAbortedTransactions() throws Exception {
        LogFixture fixture = filled();
        Path snapshot = files(fixture.logPath(), ".snapshot").getLast();
        assertThat(dump("--files", snapshot.toString()))
                .contains("producerId: 77")
                .contains("producerEpoch: 2")
                .contains("coordinatorEpoch: 5")
                .contains("lastOffset: 903");
        Path transactions = files(fixture.logPath(), ".txnindex").getLast();
        assertThat(dump("--files", transactions.toString()))
                .contains("producerId: 77")
                .contains("firstOffset: 900")
                .contains("lastOffset: 904");
    }
}
