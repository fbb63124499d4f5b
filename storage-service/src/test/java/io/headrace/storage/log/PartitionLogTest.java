package io.headrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.read.TimestampedOffset;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

final class PartitionLogTest {
    @TempDir Path directory;

    private static List<Long> offsets(long end) {
        return LongStream.range(0, end).boxed().toList();
    }

    @Test
    void appendedBytesEqualTheFilesBytesButForOffsetAndEpoch() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of());
        PartitionLog log = fixture.log();
        ByteBuffer produced = LogFixture.batch(3, 20, fixture.nowMs);
        byte[] before = new byte[produced.remaining()];
        produced.get(produced.position(), before);

        fixture.append(log, 5, 10);
        AppendResult result = log.append(produced, 9, AppendOrigin.CLIENT, fixture.nowMs);

        assertThat(result.baseOffset()).isEqualTo(5);
        assertThat(result.lastOffset()).isEqualTo(7);
        assertThat(produced.hasRemaining()).isFalse();
        ByteBuffer read = LogFixture.readBytes(log, 5, 1 << 20);
        assertThat(BatchView.leaderEpoch(read, 0)).isEqualTo(9);
        BatchView.setBaseOffset(read, 0, 0);
        BatchView.setLeaderEpoch(read, 0, -1);
        byte[] after = new byte[read.remaining()];
        read.get(after);
        assertThat(after).isEqualTo(before);
    }

    @Test
    void readsFromTheMiddleOfABatchBeginAtThatBatch() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of());
        PartitionLog log = fixture.log();
        fixture.append(log, 4, 10);
        fixture.append(log, 4, 10);

        ByteBuffer read = LogFixture.readBytes(log, 6, 1 << 20);

        assertThat(BatchView.baseOffset(read, 0)).isEqualTo(4);
    }

    @Test
    void readEndsBelowTheBoundAndHonoursMinOneMessage() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of());
        PartitionLog log = fixture.log();
        fixture.append(log, 2, 500);
        fixture.append(log, 2, 500);

        assertThat(log.read(0, 10, false, 4)).isInstanceOf(LogSlice.Empty.class);
        assertThat(log.read(2, 1 << 20, true, 2)).isInstanceOf(LogSlice.Empty.class);
        ByteBuffer one = LogFixture.readBytes(log, 0, 10);
        assertThat(BatchView.sizeInBytes(one, 0)).isEqualTo(one.remaining());
        ByteBuffer bounded = LogFixture.readBytes(log, 0, 1 << 20, 2);
        assertThat(bounded.remaining()).isEqualTo(one.remaining());
    }

    @Test
    void offsetsOutsideTheLogAreOutOfRange() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of());
        PartitionLog log = fixture.log();
        fixture.append(log, 2, 5);

        assertThatThrownBy(() -> log.read(3, 100, true, 3))
                .isInstanceOf(OffsetOutOfRangeException.class);
        assertThat(log.read(2, 100, true, 2)).isInstanceOf(LogSlice.Empty.class);
    }

    @Test
    void rollsWhenFullAndReadsAcrossSegmentsWarmAndCold() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of("segment.bytes", "1048576"));
        PartitionLog log = fixture.log();
        for (int i = 0; i < 400; i++) {
            fixture.append(log, 3, 3000);
        }

        assertThat(log.segments().all().length).isGreaterThan(3);
        assertThat(LogFixture.readOffsets(log)).isEqualTo(offsets(1200));
        assertThat(log.read(1190, 1000, true, 1200)).isInstanceOf(LogSlice.Warm.class);
        assertThat(log.read(0, 1000, true, 1200)).isInstanceOf(LogSlice.Cold.class);
        PartitionLog again = fixture.restart();
        assertThat(LogFixture.readOffsets(again)).isEqualTo(offsets(1200));
        assertThat(again.read(1190, 1000, true, 1200)).isInstanceOf(LogSlice.Cold.class);
        assertThat(again.unclean()).isEmpty();
    }

    /** A checkpoint forgot where batches begin, so whoever was five seconds behind read cold. */
    @Test
    void readsStayWarmBehindACheckpointAsLongAsTheirBytesAre() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of());
        PartitionLog log = fixture.log();
        for (int i = 0; i < 100; i++) {
            fixture.append(log, 3, 3000);
        }
        log.upkeep().checkpoint().join();
        log.upkeep().checkpoint().join(); // now as an idle one
        for (long offset = 0; offset < 300; offset++) {
            assertThat(log.read(offset, 1, true, 300)).isInstanceOf(LogSlice.Warm.class);
            ByteBuffer read = LogFixture.readBytes(log, offset, 1);
            assertThat(BatchView.baseOffset(read, 0)).isEqualTo(offset - offset % 3);
        }
        PartitionLog other =
                fixture.log(new TopicIdPartition(new Uuid(9, 9), new TopicPartition("other", 0)));
        for (int i = 0; i < 250; i++) {
            fixture.append(other, 3, 100_000);
        }
        log.upkeep().checkpoint().join();
        assertThat(log.read(0, 1, true, 300)).isInstanceOf(LogSlice.Cold.class);
        assertThat(log.activeSegment().offsets().isInMemory()).isFalse();
        assertThat(LogFixture.readOffsets(log)).isEqualTo(offsets(300));
    }

    @Test
    void everyOffsetIsFoundColdAtItsBatch() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of("segment.bytes", "1048576"));
        for (int i = 0; i < 300; i++) {
            fixture.append(fixture.log(), 1 + i % 7, 2000);
        }
        PartitionLog log = fixture.restart();
        for (long offset = 0; offset < log.logEndOffset(); offset++) {
            ByteBuffer read = LogFixture.readBytes(log, offset, 1);
            assertThat(BatchView.baseOffset(read, 0)).isLessThanOrEqualTo(offset);
            assertThat(BatchView.lastOffset(read, 0)).isGreaterThanOrEqualTo(offset);
        }
    }

    @Test
    void nothingIsFlushedBeforeTheGroupCommit() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of());
        PartitionLog log = fixture.log();
        List<Long> heard = new ArrayList<>();
        log.listen(
                new LogListener() {
                    @Override
                    public void onFlushed(PartitionLog flushed, long flushedOffset) {
                        heard.add(flushedOffset);
                    }

                    @Override
                    public void onOffline(PartitionLog offline, Throwable cause) {
                        throw new IllegalStateException(cause);
                    }
                });
        fixture.append(log, 2, 5);
        log.requestFlush();
        fixture.append(log, 3, 5);
        log.requestFlush();

        assertThat(log.flushedOffset()).isZero();
        assertThat(fixture.commit()).isTrue();
        assertThat(heard).containsExactly(5L); // what came while the request waited, too
        assertThat(log.flushedOffset()).isEqualTo(5);
    }

    @Test
    void aPageCacheTopicIsStoredAtOnce() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of("flush.policy", "page-cache"));
        PartitionLog log = fixture.log();
        fixture.append(log, 2, 5);
        log.requestFlush();

        assertThat(log.flushedOffset()).isEqualTo(2);
        assertThat(fixture.commit()).isFalse();
    }

    @Test
    void logAppendTimeStampsTheBatchOnce() throws Exception {
        LogFixture fixture =
                new LogFixture(directory, Map.of("message.timestamp.type", "LogAppendTime"));
        PartitionLog log = fixture.log();
        AppendResult result = log.append(LogFixture.batch(2, 5, 1), 0, AppendOrigin.CLIENT, 12345);

        assertThat(result.logAppendTimeMs()).isEqualTo(12345);
        ByteBuffer read = LogFixture.readBytes(log, 0, 1000);
        assertThat(BatchView.maxTimestampMs(read, 0)).isEqualTo(12345);
        assertThat(BatchView.isCrcValid(read, 0)).isTrue();
    }

    @Test
    void aBatchLargerThanASegmentIsRefused() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of("segment.bytes", "1048576"));
        PartitionLog log = fixture.log();
        assertThatThrownBy(() -> fixture.append(log, 1, 1_100_000))
                .isInstanceOf(RecordBatchTooLargeException.class);
        assertThat(log.logEndOffset()).isZero();
    }

    @Test
    void findsRecordsByTime() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of("segment.bytes", "1048576"));
        PartitionLog log = fixture.log();
        for (int i = 0; i < 100; i++) {
            log.append(
                    LogFixture.batch(10, 2000, 1000L * i), 0, AppendOrigin.CLIENT, fixture.nowMs);
        }
        log.updateHighWatermark(log.logEndOffset());
        for (PartitionLog each : List.of(log, fixture.restart())) {
            assertThat(each.offsetForTimestamp(50_003).join())
                    .contains(new TimestampedOffset(503, 50_003));
            assertThat(each.offsetForTimestamp(50_500).join())
                    .contains(new TimestampedOffset(510, 51_000));
            assertThat(each.offsetForTimestamp(0).join()).contains(new TimestampedOffset(0, 0));
            assertThat(each.offsetForTimestamp(99_010).join()).isEmpty();
            assertThat(each.offsetOfMaxTimestamp().join())
                    .contains(new TimestampedOffset(999, 99_009));
        }
    }

    @Test
    void retentionByTimeDeletesWholeSegmentsAlsoTheActiveOne() throws Exception {
        LogFixture fixture =
                new LogFixture(
                        directory,
                        Map.of("segment.bytes", "1048576", "file.delete.delay.ms", "1000"));
        PartitionLog log = fixture.log();
        for (int i = 0; i < 100; i++) {
            fixture.append(log, 10, 3000);
        }
        fixture.store().tick(fixture.nowMs);
        assertThat(log.logStartOffset()).isZero();
        log.updateHighWatermark(log.logEndOffset());
        fixture.nowMs += 8L * 24 * 3600 * 1000;
        fixture.store().tick(fixture.nowMs);

        assertThat(log.logStartOffset()).isEqualTo(1000);
        assertThat(log.logEndOffset()).isEqualTo(1000);
        assertThat(deletedFiles(fixture)).isNotZero();
        fixture.nowMs += 2000;
        fixture.store().tick(fixture.nowMs);
        assertThat(deletedFiles(fixture)).isZero();
        fixture.append(log, 1, 10);
        assertThat(LogFixture.readOffsets(log)).containsExactly(1000L);
        assertThat(LogFixture.readOffsets(fixture.restart())).containsExactly(1000L);
    }

    @Test
    void retentionNeverPassesTheHighWatermark() throws Exception {
        LogFixture fixture =
                new LogFixture(
                        directory, Map.of("segment.bytes", "1048576", "retention.bytes", "1"));
        PartitionLog log = fixture.log();
        for (int i = 0; i < 100; i++) {
            fixture.append(log, 10, 3000);
        }
        log.updateHighWatermark(500);
        fixture.store().tick(fixture.nowMs);
        assertThat(log.logStartOffset()).isPositive().isLessThanOrEqualTo(500);
    }

    @Test
    void deleteRecordsHidesRecordsAndSurvivesARestart() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of());
        PartitionLog log = fixture.log();
        fixture.append(log, 10, 10);
        assertThatThrownBy(() -> log.advanceLogStartOffset(3))
                .isInstanceOf(OffsetOutOfRangeException.class);
        log.updateHighWatermark(10);
        assertThat(log.advanceLogStartOffset(3)).isEqualTo(3);
        assertThatThrownBy(() -> log.read(2, 100, true, 10))
                .isInstanceOf(OffsetOutOfRangeException.class);
        assertThat(fixture.restart().logStartOffset()).isEqualTo(3);
    }

    @Test
    void truncationByAFollowerLeavesAValidLog() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of("segment.bytes", "1048576"));
        PartitionLog log = fixture.log();
        for (int i = 0; i < 100; i++) {
            log.append(
                    LogFixture.batch(10, 3000, fixture.nowMs),
                    i / 10,
                    AppendOrigin.CLIENT,
                    fixture.nowMs);
        }
        log.requestFlush();
        fixture.commit();
        LogSlice cold = log.read(0, 100, true, 1000);
        log.truncateTo(455).join();

        assertThat(log.logEndOffset()).isEqualTo(450);
        assertThat(log.latestLeaderEpoch()).isEqualTo(4);
        assertThat(log.isCurrent((LogSlice.Cold) cold)).isFalse();
        assertThat(LogFixture.readOffsets(log)).isEqualTo(offsets(450));
        log.append(LogFixture.batch(5, 10, 0), 4, AppendOrigin.CLIENT, fixture.nowMs);
        PartitionLog again = fixture.reopenAfterKill(directory);
        assertThat(again.unclean()).isEmpty();
        assertThat(LogFixture.readOffsets(again)).isEqualTo(offsets(455));
    }

    @Test
    void truncatingFullyStartsAnew() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of());
        PartitionLog log = fixture.log();
        fixture.append(log, 10, 10);
        log.truncateFullyAndStartAt(500).join();
        assertThat(log.logStartOffset()).isEqualTo(500);
        assertThat(log.logEndOffset()).isEqualTo(500);
        fixture.append(log, 2, 10);
        assertThat(LogFixture.readOffsets(fixture.restart())).containsExactly(500L, 501L);
    }

    @Test
    void replicationKeepsGivenOffsets() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of());
        PartitionLog log = fixture.log();
        ByteBuffer batch = LogFixture.batch(3, 10, fixture.nowMs);
        BatchView.setBaseOffset(batch, 0, 40);
        BatchView.setLeaderEpoch(batch, 0, 6);
        AppendResult result = log.append(batch, -1, AppendOrigin.REPLICATION, fixture.nowMs);
        assertThat(result.baseOffset()).isEqualTo(40);
        assertThat(log.logEndOffset()).isEqualTo(43);
        assertThat(log.leaderEpochAt(41)).isEqualTo(6);
        assertThat(log.endOffsetFor(6)).isEqualTo(new EpochEndOffset(6, 43));
    }

    @Test
    void oneAppendMayHoldSeveralBatches() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of());
        PartitionLog log = fixture.log();
        ByteBuffer two = ByteBuffer.allocate(4096);
        two.put(LogFixture.batch(2, 10, 5)).put(LogFixture.batch(3, 10, 5)).flip();
        AppendResult result = log.append(two, 0, AppendOrigin.CLIENT, 5);
        assertThat(result.lastOffset()).isEqualTo(4);
        BatchSet batches = BatchSet.of(LogFixture.readBytes(log, 0, 4096));
        assertThat(batches.next()).isTrue();
        assertThat(batches.next()).isTrue();
    }

    private static long deletedFiles(LogFixture fixture) throws Exception {
        try (var files = Files.list(fixture.logPath())) {
            return files.filter(file -> file.toString().endsWith(".deleted")).count();
        }
    }
}
