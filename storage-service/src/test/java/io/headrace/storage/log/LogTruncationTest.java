package io.headrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.batch.ControlMarker;
import io.headrace.protocol.batch.read.AbortedTransaction;
import io.headrace.protocol.batch.read.TimestampedOffset;
import io.headrace.storage.producer.ProducerState;
import io.headrace.testkit.disk.DiskCounters;
import io.headrace.testkit.disk.SimulatedDisk;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.ArrayDeque;
import java.util.List;
import java.util.stream.LongStream;

/**
 * What a cut costs, and that neither the checkpoints nor the index files from before it vouch for
 * what is appended after it.
 */
final class LogTruncationTest {
    private SimulatedDisk disk = SimulatedDisk.withSeed(1);
    private LogFixture fixture = open("boot-1");
    private PartitionLog log = fixture.log();

    private LogFixture open(String bootId) {
        try {
            return new LogFixture(disk.path("/data"), LogFixture.SMALL_SEGMENTS, bootId);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void append(int batches) {
        for (int i = 0; i < batches; i++) {
            fixture.nowMs += 10;
            fixture.append(log, 1, 500);
        }
    }

    private void append(ByteBuffer batch, AppendOrigin origin) {
        log.append(batch, 0, origin, fixture.nowMs);
    }

    /** A transaction of one record, of a producer of its own, and its marker. */
    private void abort(long producerId) {
        append(LogFixture.batch(producerId, 0, 0, true, 1), AppendOrigin.CLIENT);
        append(
                LogFixture.marker(ControlMarker.Type.ABORT, producerId, 0, 0),
                AppendOrigin.COORDINATOR);
    }

    private void flush() {
        log.requestFlush();
        fixture.commit();
    }

    private void checkpoint() {
        fixture.nowMs += 6_000;
        fixture.store().tick(fixture.nowMs);
    }

    /** Starts again under the same boot id, after a kill. */
    private void kill() {
        disk = disk.kill();
        long nowMs = fixture.nowMs;
        fixture = open(fixture.bootId);
        fixture.nowMs = nowMs;
        log = fixture.log();
    }

    private static List<Long> offsets(long end) {
        return LongStream.range(0, end).boxed().toList();
    }

    @Test
    void aCutAboveTheCheckpointReadsAndFlushesLittle() throws Exception {
        append(1500);
        flush();
        checkpoint();
        append(6);
        flush();
        append(2);
        DiskCounters before = disk.counters();

        log.truncateTo(1504).join();

        DiskCounters after = disk.counters();
        assertThat(after.reads() - before.reads()).isLessThan(30);
        assertThat(after.forces() - before.forces()).isLessThanOrEqualTo(3);
        assertThat(after.directoryForces() - before.directoryForces()).isLessThanOrEqualTo(1);
        append(3);
        assertThat(LogFixture.readOffsets(log)).isEqualTo(offsets(1507));
        kill();
        assertThat(log.unclean()).isEmpty();
        assertThat(LogFixture.readOffsets(log)).isEqualTo(offsets(1507));
    }

    @Test
    void aRecoveryPointFromBeforeTheCutDoesNotVouchForWhatFollows() throws Exception {
        append(4);
        flush();
        checkpoint();
        append(6);
        flush();
        log.directory().writeCheckpoints(true); // they have no later verified point
        log.truncateTo(5).join();
        append(6);
        kill();
        assertThat(log.logEndOffset()).isEqualTo(11);
        assertThat(log.recoveryPoint()).isLessThanOrEqualTo(5);
        assertThat(log.flushedOffset()).isLessThanOrEqualTo(5);
    }

    @Test
    void aHighWatermarkFromBeforeTheCutDoesNotCommitWhatFollows() throws Exception {
        append(4);
        flush();
        checkpoint();
        append(6);
        log.updateHighWatermark(10);
        log.upkeep().publish();
        log.directory().writeCheckpoints(true);
        log.truncateTo(5).join(); // an unclean election
        append(6);
        kill();
        assertThat(log.logEndOffset()).isEqualTo(11);
        assertThat(log.highWatermark()).isLessThanOrEqualTo(5);
    }

    @Test
    void aVerifiedPointFromBeforeTheCutDoesNotHideAbortedTransactions() throws Exception {
        abort(1);
        append(5);
        flush();
        checkpoint();
        append(5);
        flush();
        checkpoint(); // in the files: a verified point above the cut
        log.truncateTo(4).join();
        append(20);
        kill();
        assertThat(LogFixture.readOffsets(log)).isEqualTo(offsets(24));
        assertThat(log.abortedTransactions(0, 24)).containsExactly(new AbortedTransaction(1, 0));
    }

    @Test
    void whatIsLeftIsKnownAsIfAllOfItWereRead() throws Exception {
        for (int i = 0; i < 40; i++) {
            abort(100 + i);
            append(10);
        }
        flush();
        checkpoint();
        long checkpointed = log.logEndOffset();
        abort(7);
        append(5);
        abort(8);
        append(5);
        log.truncateTo(checkpointed + 8).join(); // between the record of 8 and its marker
        append(3);
        append(LogFixture.marker(ControlMarker.Type.ABORT, 8, 0, 0), AppendOrigin.COORDINATOR);
        append(400);
        log.updateHighWatermark(log.logEndOffset());

        for (int life = 0; life < 3; life++) {
            log.updateHighWatermark(log.logEndOffset());
            List<AbortedTransaction> aborted = log.abortedTransactions(0, log.logEndOffset());
            assertThat(aborted).hasSize(42);
            assertThat(aborted.getLast()).isEqualTo(new AbortedTransaction(8, checkpointed + 7));
            assertThat(log.producers()).extracting(ProducerState::producerId).contains(7L, 8L);
            assertThat(log.producers()).hasSize(42);
            assertThat(LogFixture.readOffsets(log)).isEqualTo(offsets(log.logEndOffset()));
            TimestampedOffset last = log.offsetOfMaxTimestamp().join().orElseThrow();
            assertThat(last.offset()).isEqualTo(log.logEndOffset() - 1);
            if (life == 0) {
                flush();
                checkpoint();
            }
            kill();
        }
    }

    @Test
    void aPlaceThatCannotBeStartedFromIsForgottenBeforeItsIndexesAre() throws Exception {
        abort(1);
        append(5);
        flush();
        checkpoint();
        abort(2);
        append(5);
        flush();
        log.upkeep().checkpoint().join(); // a later place, which is in no checkpoint yet
        append(5);
        Files.delete(fixture.logPath().resolve("00000000000000000014.snapshot"));
        log.truncateTo(16).join();
        append(2);
        kill();
        assertThat(LogFixture.readOffsets(log)).isEqualTo(offsets(18));
        assertThat(log.producers()).hasSize(2);
        assertThat(log.abortedTransactions(0, 18))
                .containsExactly(new AbortedTransaction(1, 0), new AbortedTransaction(2, 7));
    }

    @Test
    void aCheckpointAmidTheCutDoesNotVouchForWhatIsCut() throws Exception {
        for (boolean isBefore : List.of(true, false)) {
            if (!isBefore) {
                abort(1);
            }
            append(20);
            flush();
            long end = log.logEndOffset() - 10;
            ArrayDeque<Runnable> waiting = new ArrayDeque<>();
            fixture.io = waiting::add;
            if (isBefore) {
                checkpoint();
            }
            log.truncateTo(end);
            if (!isBefore) {
                checkpoint();
            }
            while (log.isTruncating() || !(isBefore || waiting.isEmpty())) {
                waiting.remove().run();
                if (log.isTruncating()) {
                    log.directory().writeCheckpoints(true); // as for another log
                }
            }
            fixture.io = Runnable::run;
            assertThat(log.logEndOffset()).isEqualTo(end);
            assertThat(fixture.logPath().resolve("%020d.snapshot".formatted(end + 10)))
                    .doesNotExist();
            fixture.append(log, 1, 60_000);
            append(20);
            kill();
            assertThat(LogFixture.readOffsets(log)).isEqualTo(offsets(end + 21));
            assertThat(log.logEndOffset()).isEqualTo(end + 21);
        }
    }
}
