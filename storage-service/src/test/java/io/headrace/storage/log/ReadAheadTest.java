package io.headrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.storage.file.DirectReads;
import io.headrace.storage.file.PageCache;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * What is read ahead is told by damaging it on disk afterwards: who gets it had it read before, who
 * does not reads it again and meets the damage.
 */
class ReadAheadTest {
    private static final int MAX_BYTES = 40_000;

    @TempDir Path directory;

    @SuppressWarnings("NullAway.Init") // set before each test
    private LogFixture fixture;

    @SuppressWarnings("NullAway.Init") // set before each test
    private PartitionLog log;

    /** Four segments of batches of 9 KB with three records, none of them warm. */
    @BeforeEach
    void fill() throws Exception {
        fixture = new LogFixture(directory, Map.of("segment.bytes", "1048576"));
        for (int i = 0; i < 400; i++) {
            fixture.append(fixture.log(), 3, 3_000);
        }
        log = fixture.restart();
    }

    /** Where the reader of the range goes on; it looks at every batch. */
    private long read(long offset) throws IOException {
        return read(offset, log.logEndOffset());
    }

    private long read(long offset, long bound) throws IOException {
        LogSlice.Checked range = verify(offset, bound);
        if (range == null) {
            return offset;
        }
        ByteBuffer bytes = LogFixture.bytesOf(range);
        BatchSet batches = BatchSet.of(bytes);
        long next = offset;
        while (batches.next()) {
            assertThat(BatchView.baseOffset(bytes, batches.index())).isEqualTo(next);
            next = BatchView.nextOffset(bytes, batches.index());
        }
        return next;
    }

    private LogSlice.@Nullable Checked verify(long offset, long bound) throws IOException {
        return ((LogSlice.Cold) log.read(offset, MAX_BYTES, true, bound)).verify();
    }

    /** Turns a bit in the batch of that offset, behind its header. */
    private void damage(long offset) throws IOException {
        damageAt(positionOf(offset, 1) + 100);
    }

    /** Where the batch of that offset is in its file. */
    private long positionOf(long offset, int maxBytes) throws IOException {
        LogSlice.Cold cold = (LogSlice.Cold) log.read(offset, maxBytes, true, log.logEndOffset());
        LogSlice.Warm range = (LogSlice.Warm) Objects.requireNonNull(cold.verify());
        range.release();
        return range.position();
    }

    private void damageAt(long position) throws IOException {
        try (FileChannel file =
                FileChannel.open(
                        fixture.logPath().resolve("00000000000000000000.log"),
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            file.read(one, position);
            one.put(0, (byte) (one.get(0) ^ 1)).flip();
            file.write(one, position);
        }
    }

    @Test
    void aReaderThatGoesOnGetsEveryRecordOnce() throws Exception {
        long next = 0;
        while (next < 1_100) {
            long after = read(next);
            assertThat(after).isGreaterThan(next);
            next = after;
        }
    }

    @Test
    void theThirdAnswerWasReadBeforeItWasAskedFor() throws Exception {
        long third = positionOf(24, MAX_BYTES);

        long next = read(read(0));
        assertThat(next).isEqualTo(24);
        damageAt(third + 100);
        assertThat(read(next)).isEqualTo(36);
    }

    @Test
    void whatWasReadASecondAgoIsReadAgain() throws Exception {
        long third = positionOf(24, MAX_BYTES);

        long next = read(read(0));
        damageAt(third + 100);
        fixture.nowMs += 1_001;
        assertThatThrownBy(() -> read(next)).isInstanceOf(CorruptRangeException.class);
    }

    @Test
    void aReaderThatDoesNotGoOnReadsForItself() throws Exception {
        read(0);
        damage(24);
        assertThatThrownBy(() -> read(24)).isInstanceOf(CorruptRangeException.class);
    }

    @Test
    void positionsOfBeforeATruncationMeanNothing() throws Exception {
        long third = positionOf(24, MAX_BYTES);

        long next = read(read(0));
        damageAt(third + 100);
        log.truncateTo(900).join();
        assertThatThrownBy(() -> read(next)).isInstanceOf(CorruptRangeException.class);
    }

    @Test
    void nothingAboveTheBoundIsServed() throws Exception {
        long next = read(read(0));
        assertThat(read(next, next + 3)).isEqualTo(next + 3);
    }

    @Test
    void whatIsDamagedIsMetByTheReadItself() throws Exception {
        long third = positionOf(24, MAX_BYTES);
        damageAt(third + 100);

        long next = read(read(0));
        assertThatThrownBy(() -> read(next)).isInstanceOf(CorruptRangeException.class);
        damageAt(third + 100); // and back
        assertThat(read(next)).isEqualTo(36);
    }

    @Test
    void aReadWhoseTurnNeverCameIsDoneByWhoNeedsIt() throws Exception {
        ArrayDeque<Runnable> queued = new ArrayDeque<>();
        fixture.io = queued::add;
        long next = read(read(0));
        assertThat(queued).hasSize(1);
        assertThat(read(next)).isEqualTo(36);
        queued.forEach(Runnable::run);
        assertThat(read(36)).isEqualTo(48);
    }

    /** What nobody has at hand is read past the page cache, once. */
    @Test
    void aSecondReaderReadsThroughThePageCache() throws Exception {
        PageCache.evictAll(fixture.logPath());
        readAll();
        long first = directReads();
        assertThat(first).isGreaterThan(80);
        assertThat(readAll()).isEqualTo(1_200);
        assertThat(directReads()).isEqualTo(first);
        assertThat(verify(0, log.logEndOffset())).isInstanceOf(LogSlice.Warm.class);
    }

    @Test
    void whatWasReadAheadPastThePageCacheIsServed() throws Exception {
        long third = positionOf(24, MAX_BYTES);
        PageCache.evictAll(fixture.logPath());
        long next = read(read(0));
        assertThat(next).isEqualTo(24);
        damageAt(third + 100);
        assertThat(read(next)).isEqualTo(36);
    }

    @Test
    void damageIsMetPastThePageCache() throws Exception {
        long second = positionOf(12, MAX_BYTES);
        damageAt(second + 100);
        PageCache.evictAll(fixture.logPath());
        long next = read(0);
        assertThat(directReads()).isPositive();
        assertThatThrownBy(() -> read(next)).isInstanceOf(CorruptRangeException.class);
    }

    /** Readers that went away keep nobody from reading so. */
    @Test
    void whatNobodyAsksForIsGivenUp() throws Exception {
        PageCache.evictAll(fixture.logPath());
        long next = read(read(0));
        List<DirectReads.Loaded> taken = new ArrayList<>();
        DirectReads.Loaded one = directlyFrom(next);
        while (one != null) {
            taken.add(one);
            one = directlyFrom(next);
        }
        assertThat(taken).hasSize(16);
        taken.forEach(DirectReads.Loaded::release);
        assertThat(read(next)).isEqualTo(36);
    }

    private DirectReads.@Nullable Loaded directlyFrom(long offset) {
        Path file = fixture.logPath().resolve("00000000000000000000.log");
        return log.context().directReads().read(file, offset * 3_000, 100);
    }

    private long directReads() {
        return log.context().directReads().count();
    }

    private long readAll() throws IOException {
        long next = 0;
        while (next < log.logEndOffset()) {
            next = read(next);
        }
        return next;
    }

    @Test
    @Timeout(60)
    void oneThreadIsEnough() throws Exception {
        try (ExecutorService one = Executors.newSingleThreadExecutor()) {
            fixture.io = one;
            long next = 0;
            while (next < 1_000) {
                long offset = next;
                next = one.submit(() -> read(offset)).get(30, TimeUnit.SECONDS);
                assertThat(next).isGreaterThan(offset);
            }
            fixture.io = Runnable::run;
        }
    }
}
