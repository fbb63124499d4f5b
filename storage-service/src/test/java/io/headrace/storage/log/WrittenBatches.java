package io.headrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.batch.BatchView;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * What a simulation wrote to a log: every batch in order, where the log ends if nothing was lost,
 * and how much of it was reported flushed, which no life may miss.
 */
final class WrittenBatches {
    private record Written(long baseOffset, int crc) {}

    private final List<Written> batches = new ArrayList<>();
    private long reported;
    private long end;

    long end() {
        return end;
    }

    void add(long baseOffset, long lastOffset, int crc) {
        batches.add(new Written(baseOffset, crc));
        end = lastOffset + 1;
    }

    /** A write after which the power was off: perhaps in its last moment. */
    void addUncertain(ByteBuffer batch, int crc) {
        add(end, end + BatchView.lastOffsetDelta(batch, 0), crc);
    }

    /** All below that offset was said to be flushed. */
    void onReported(long flushedOffset) {
        reported = Math.max(reported, flushedOffset);
    }

    /** What follows that offset was given up: that it was reported counts no more. */
    void onGivenUp(long fromOffset) {
        reported = Math.min(reported, fromOffset);
    }

    /** The log ends there now. */
    void endsAt(long logEndOffset) {
        while (!batches.isEmpty() && batches.getLast().baseOffset() >= logEndOffset) {
            batches.removeLast();
        }
        end = logEndOffset;
    }

    /** The log was deleted. */
    void clear() {
        batches.clear();
        reported = 0;
        end = 0;
    }

    /** Where the batch begins that holds an offset: a cut there takes the whole batch. */
    long startOfBatchAt(long offset) {
        long start = 0;
        for (Written batch : batches) {
            start = batch.baseOffset() <= offset ? batch.baseOffset() : start;
        }
        return start;
    }

    /**
     * Compares a log that was opened again, batch by batch: it is clean, has all that was reported,
     * and nothing that was never written. Where it ends is where it ends from now on.
     */
    void verify(PartitionLog log) throws IOException {
        assertThat(log.unclean()).isEmpty();
        assertThat(log.logStartOffset()).isZero();
        assertThat(log.logEndOffset()).isBetween(reported, end);
        endsAt(log.logEndOffset());
        long next = 0;
        int index = 0;
        while (next < log.logEndOffset()) {
            ByteBuffer read = LogFixture.readBytes(log, next, 1);
            assertThat(BatchView.isCrcValid(read, 0)).isTrue();
            assertThat(BatchView.baseOffset(read, 0)).isEqualTo(next);
            assertThat(next).isEqualTo(batches.get(index).baseOffset());
            assertThat((int) BatchView.crc(read, 0)).isEqualTo(batches.get(index).crc());
            next = BatchView.nextOffset(read, 0);
            index++;
        }
        assertThat(index).isEqualTo(batches.size());
    }
}
