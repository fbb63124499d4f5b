package io.headrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.storage.recovery.VerifiedPoint;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A log in which nothing happens is left alone by the store's ticks, and misses nothing by it. */
class RestingLogTest {
    private static final long CHECKPOINTS_EVERY_MS = 5_000;
    private static final long RETENTION_EVERY_MS = 300_000;

    @TempDir Path directory;

    @Test
    void logRestsOnceItsNewsIsWrittenAndWakesWithAnAppend() throws IOException {
        LogFixture fixture = resting(Map.of());

        fixture.append(fixture.log(), 1, 10);
        assertThat(awake(fixture)).containsExactly(fixture.log());

        fixture.commit();
        checkpoints(fixture, 3);
        assertThat(awake(fixture)).isEmpty();
        assertThat(fixture.log().upkeep().published().verified())
                .extracting(VerifiedPoint::offset)
                .isEqualTo(1L);
    }

    @Test
    void highWatermarkThatMovesWhileTheLogRestsIsWritten() throws IOException {
        LogFixture fixture = withRecords(Map.of());
        checkpoints(fixture, 3);
        assertThat(awake(fixture)).isEmpty();

        assertThat(fixture.log().updateHighWatermark(2)).isTrue();
        checkpoints(fixture, 1);

        assertThat(checkpointed("replication-offset-checkpoint")).contains("orders 0 2");
    }

    @Test
    void logStartThatMovesWhileTheLogRestsIsWritten() throws IOException {
        LogFixture fixture = withRecords(Map.of());
        fixture.log().updateHighWatermark(3);
        checkpoints(fixture, 3);
        assertThat(awake(fixture)).isEmpty();

        fixture.log().advanceLogStartOffset(2);
        checkpoints(fixture, 1);

        assertThat(checkpointed("log-start-offset-checkpoint")).contains("orders 0 2");
    }

    @Test
    void logThatIsToBeFlushedAfterATimeDoesNotRestUntilThen() throws IOException {
        LogFixture fixture = resting(cached("60000"));
        fixture.append(fixture.log(), 1, 10);

        checkpoints(fixture, 5);
        assertThat(awake(fixture)).containsExactly(fixture.log());
        assertThat(fixture.log().recoveryPoint()).isZero();

        checkpoints(fixture, 10);
        fixture.commit();
        checkpoints(fixture, 2);
        assertThat(fixture.log().recoveryPoint()).isEqualTo(1);
        assertThat(awake(fixture)).isEmpty();
    }

    @Test
    void shorterTimeUntilAFlushWakesALogThatWaitedForNone() throws IOException {
        LogFixture fixture = resting(Map.of("flush.policy", "page-cache"));
        fixture.append(fixture.log(), 1, 10);
        checkpoints(fixture, 3);
        assertThat(awake(fixture)).isEmpty();

        fixture.log().updateConfig(LogConfig.of(cached("10000")));
        checkpoints(fixture, 2);
        fixture.commit();

        assertThat(fixture.log().recoveryPoint()).isEqualTo(1);
    }

    @Test
    void checkpointForgetsALogThatWasDeletedWhileAllOthersRested() throws IOException {
        LogFixture fixture = withRecords(Map.of());
        TopicIdPartition other =
                new TopicIdPartition(new Uuid(9, 8), new TopicPartition("invoices", 0));
        fixture.log(other);
        checkpoints(fixture, 3);
        assertThat(checkpointed("recovery-point-offset-checkpoint")).contains("orders", "invoices");

        fixture.store().delete(LogFixture.ID).join();
        checkpoints(fixture, 2);

        assertThat(checkpointed("recovery-point-offset-checkpoint"))
                .contains("invoices")
                .doesNotContain("orders");
        assertThat(awake(fixture)).isEmpty();
    }

    @Test
    void retentionReachesLogsThatRest() throws IOException {
        LogFixture fixture = withRecords(Map.of("retention.ms", "1000"));
        fixture.log().updateHighWatermark(3);
        checkpoints(fixture, 3);
        assertThat(awake(fixture)).isEmpty();

        fixture.nowMs += RETENTION_EVERY_MS;
        fixture.store().tick(fixture.nowMs);
        fixture.commit();

        assertThat(fixture.log().logStartOffset()).isEqualTo(3);
    }

    private static Map<String, String> cached(String flushMs) {
        return Map.of("flush.policy", "page-cache", "flush.ms", flushMs);
    }

    private LogFixture resting(Map<String, String> configs) throws IOException {
        LogFixture fixture = new LogFixture(directory, configs);
        fixture.log();
        checkpoints(fixture, 3);
        assertThat(awake(fixture)).isEmpty();
        return fixture;
    }

    private LogFixture withRecords(Map<String, String> configs) throws IOException {
        LogFixture fixture = new LogFixture(directory, configs);
        fixture.append(fixture.log(), 3, 10);
        fixture.commit();
        return fixture;
    }

    private static void checkpoints(LogFixture fixture, int times) {
        for (int i = 0; i < times; i++) {
            fixture.nowMs += CHECKPOINTS_EVERY_MS;
            fixture.store().tick(fixture.nowMs);
        }
    }

    private static List<PartitionLog> awake(LogFixture fixture) {
        return fixture.store().directories().getFirst().awake().listed();
    }

    private String checkpointed(String file) throws IOException {
        return Files.readString(directory.resolve(file));
    }
}
