package io.headrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.batch.ControlMarker;
import io.headrace.protocol.batch.read.AbortedTransaction;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Goal: a data directory written by the first version of this format opens for ever. The committed
 * directory is {@code src/test/resources/golden/log-v1}; it is never regenerated.
 */
final class GoldenDirectoryTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/log-v1");

    @TempDir Path directory;

    /** What the golden directory holds: plain, idempotent and aborted records in three epochs. */
    static void write(Path at) throws IOException {
        LogFixture fixture = new LogFixture(at, Map.of());
        PartitionLog log = fixture.log();
        for (int i = 0; i < 12; i++) {
            log.append(
                    LogFixture.batch(2, 700, fixture.nowMs + 100L * i),
                    i / 4,
                    AppendOrigin.CLIENT,
                    fixture.nowMs);
        }
        log.append(LogFixture.batch(71, 1, 0, false, 3), 2, AppendOrigin.CLIENT, fixture.nowMs);
        log.append(LogFixture.batch(72, 0, 0, true, 2), 2, AppendOrigin.CLIENT, fixture.nowMs);
        log.append(
                LogFixture.marker(ControlMarker.Type.ABORT, 72, 0, 4),
                2,
                AppendOrigin.COORDINATOR,
                fixture.nowMs);
        log.requestFlush();
        fixture.commit();
        log.updateHighWatermark(log.logEndOffset());
        fixture.store().close();
    }

    private static void copyGolden(Path to) throws IOException {
        try (Stream<Path> files = Files.walk(GOLDEN)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(GOLDEN.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        }
    }

    private void check(LogFixture fixture) throws IOException {
        PartitionLog log = fixture.log();
        assertThat(log.unclean()).isEmpty();
        assertThat(log.logEndOffset()).isEqualTo(30);
        assertThat(log.highWatermark()).isEqualTo(30);
        assertThat(log.lastStableOffset()).isEqualTo(30);
        assertThat(LogFixture.readOffsets(log)).isEqualTo(LongStream.range(0, 30).boxed().toList());
        assertThat(log.abortedTransactions(0, 30)).containsExactly(new AbortedTransaction(72, 27));
        assertThat(log.endOffsetFor(0)).isEqualTo(new EpochEndOffset(0, 8));
        assertThat(log.latestLeaderEpoch()).isEqualTo(2);
        AppendResult retry =
                log.append(
                        LogFixture.batch(71, 1, 0, false, 3),
                        2,
                        AppendOrigin.CLIENT,
                        fixture.nowMs);
        assertThat(retry.duplicate()).isTrue();
        assertThat(retry.baseOffset()).isEqualTo(24);
    }

    @Test
    void opensAfterACleanStop() throws IOException {
        copyGolden(directory.resolve("data"));
        check(new LogFixture(directory.resolve("data"), Map.of()));
    }

    @Test
    void opensByScanningWhenTheMarkerIsMissingAndTheMachineWasStarted() throws IOException {
        copyGolden(directory.resolve("data"));
        Files.delete(directory.resolve("data/.headrace-clean-shutdown"));
        check(new LogFixture(directory.resolve("data"), Map.of(), "another-boot"));
    }

    @Test
    void whatIsWrittenTodayIsByteForByteTheGoldenDirectory() throws IOException {
        Path written = directory.resolve("data");
        write(written);
        for (String kind : List.of(".log", ".index", ".timeindex", ".txnindex")) {
            String name = "orders-0/00000000000000000000" + kind;
            assertThat(Files.readAllBytes(written.resolve(name)))
                    .as(name)
                    .isEqualTo(Files.readAllBytes(GOLDEN.resolve(name)));
        }
        for (String name :
                List.of(
                        "orders-0/00000000000000000030.snapshot",
                        "orders-0/leader-epoch-checkpoint",
                        "orders-0/partition.metadata",
                        "promised-offsets",
                        "recovery-point-offset-checkpoint",
                        "verified-offset-checkpoint")) {
            assertThat(Files.readAllBytes(written.resolve(name)))
                    .as(name)
                    .isEqualTo(Files.readAllBytes(GOLDEN.resolve(name)));
        }
    }
}
