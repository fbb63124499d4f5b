package io.headrace.storage.log;

import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.protocol.batch.TimestampType;
import io.headrace.storage.producer.ProducerStates;
import io.headrace.storage.segment.AbortedTransactionEntry;
import io.headrace.storage.segment.Segment;

import org.apache.kafka.common.protocol.Errors;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The write side of one log: checks batches against the log's state, gives them their place, writes
 * them, and remembers what of it is not flushed yet. Confined to the log's owner loop.
 */
final class LogAppender {
    private final PartitionLog log;

    private long unflushedSinceMs = -1;
    private long unflushedRecords;

    LogAppender(PartitionLog log) {
        this.log = log;
    }

    /** Since when there are records to flush, or -1. */
    long unflushedSinceMs() {
        return unflushedSinceMs;
    }

    void onFlushed() {
        unflushedRecords = 0;
        unflushedSinceMs = -1;
    }

    /** See {@link PartitionLog#append}; the log has been found usable. */
    AppendResult append(ByteBuffer batches, int leaderEpoch, AppendOrigin origin, long nowMs) {
        if (log.isFrozen()) {
            throw Errors.KAFKA_STORAGE_ERROR.exception(
                    "Log " + log.id().topicPartition() + " is about to be in another directory");
        }
        if (log.directory().isFull() && origin != AppendOrigin.COORDINATOR) {
            throw Errors.KAFKA_STORAGE_ERROR.exception(
                    "The disk of "
                            + log.directory().path()
                            + " is nearly full: nothing is appended until there is room");
        }
        Prepared prepared = prepare(batches, leaderEpoch, origin, nowMs);
        if (prepared.duplicateBaseOffset() >= 0) {
            long base = prepared.duplicateBaseOffset();
            long last = base + BatchView.lastOffsetDelta(batches, batches.position());
            batches.position(batches.limit());
            return new AppendResult(
                    base, last, prepared.logAppendTimeMs(), log.logStartOffset(), -1, true);
        }
        int start = batches.position();
        int limit = batches.limit();
        try {
            if (origin != AppendOrigin.REPLICATION) {
                log.segments().requireFits(limit - start);
            }
            if (prepared.hasHoles()) {
                log.segments().noteHoles();
            }
            log.segments()
                    .makeRoom(
                            limit - start, prepared.lastOffset(), prepared.maxTimestampMs(), nowMs);
            log.segments().write(batches);
        } catch (IOException e) {
            throw Errors.KAFKA_STORAGE_ERROR.exception(
                    "Append to " + log.id().topicPartition() + " failed: " + e.getMessage());
        }
        note(batches, start, limit, nowMs);
        log.upkeep().onAppended();
        unflushedRecords += prepared.lastOffset() + 1 - prepared.baseOffset();
        if (unflushedSinceMs < 0) {
            unflushedSinceMs = nowMs;
        }
        if (!log.isFsync() && unflushedRecords >= log.config().flushMessages()) {
            log.flusher().request();
        }
        return new AppendResult(
                prepared.baseOffset(),
                prepared.lastOffset(),
                prepared.logAppendTimeMs(),
                log.logStartOffset(),
                prepared.maxTimestampMs(),
                false);
    }

    private record Prepared(
            long baseOffset,
            long lastOffset,
            long maxTimestampMs,
            long logAppendTimeMs,
            long duplicateBaseOffset,
            boolean hasHoles) {}

    /**
     * Checks every batch against the log's state and gives it its place; changes only the buffer.
     */
    private Prepared prepare(ByteBuffer batches, int leaderEpoch, AppendOrigin origin, long nowMs) {
        boolean assigns =
                switch (origin) {
                    case CLIENT, COORDINATOR -> true;
                    case REPLICATION -> false;
                    case RECOVERY -> throw new IllegalArgumentException("Recovery appends nothing");
                };
        long next = log.logEndOffset();
        long first = -1;
        long maxTimestampMs = -1;
        long logAppendTimeMs = -1;
        boolean hasHoles = false;
        int previous = -1;
        int index = batches.position();
        while (index < batches.limit()) {
            int size = sizeAt(batches, index);
            long duplicate = checkProducer(batches, index, previous, origin);
            if (duplicate >= 0) {
                boolean isLog =
                        BatchView.timestampType(batches, index) == TimestampType.LOG_APPEND_TIME;
                return new Prepared(
                        0,
                        0,
                        -1,
                        isLog ? BatchView.maxTimestampMs(batches, index) : -1,
                        duplicate,
                        false);
            }
            if (assigns) {
                BatchView.setBaseOffset(batches, index, next);
                BatchView.setLeaderEpoch(batches, index, leaderEpoch);
                logAppendTimeMs = stamp(batches, index, nowMs);
            }
            long baseOffset = BatchView.baseOffset(batches, index);
            int delta = BatchView.lastOffsetDelta(batches, index);
            if (baseOffset < next || delta < 0) {
                throw Errors.CORRUPT_MESSAGE.exception(
                        "Batch with offsets from "
                                + baseOffset
                                + " does not continue "
                                + log.id().topicPartition()
                                + ", which ends at "
                                + next);
            }
            first = first < 0 ? baseOffset : first;
            hasHoles |= baseOffset > next;
            next = baseOffset + delta + 1;
            maxTimestampMs = Math.max(maxTimestampMs, BatchView.maxTimestampMs(batches, index));
            previous = index;
            index += size;
        }
        if (first < 0) {
            throw Errors.INVALID_RECORD.exception("There is no batch to append");
        }
        return new Prepared(first, next - 1, maxTimestampMs, logAppendTimeMs, -1, hasHoles);
    }

    private static int sizeAt(ByteBuffer batches, int index) {
        try {
            int size = BatchSet.sizeAt(batches, index, batches.limit());
            if (size != BatchSet.PARTIAL) {
                return size;
            }
        } catch (CorruptBatchException e) {
            throw Errors.CORRUPT_MESSAGE.exception(e.getMessage());
        }
        throw Errors.CORRUPT_MESSAGE.exception("The last batch to append is cut off");
    }

    private long checkProducer(ByteBuffer batches, int index, int previous, AppendOrigin origin) {
        if (origin == AppendOrigin.REPLICATION || !BatchView.hasProducerId(batches, index)) {
            return ProducerStates.NOT_A_DUPLICATE;
        }
        if (BatchView.isControl(batches, index)) {
            log.producerStates().checkMarker(batches, index);
            return ProducerStates.NOT_A_DUPLICATE;
        }
        return origin == AppendOrigin.CLIENT
                ? log.producerStates().check(batches, index, previous)
                : ProducerStates.NOT_A_DUPLICATE;
    }

    /** Gives the batch the log's time if the topic wants that and the batch has not got it yet. */
    private long stamp(ByteBuffer batches, int index, long nowMs) {
        if (BatchView.timestampType(batches, index) == TimestampType.LOG_APPEND_TIME) {
            return BatchView.maxTimestampMs(batches, index);
        }
        if (!log.config().logAppendTime()) {
            return -1;
        }
        BatchView.setLogAppendTime(batches, index, nowMs);
        return nowMs;
    }

    /** Brings the log's state up to batches that were written. */
    private void note(ByteBuffer batches, int start, int limit, long nowMs) {
        Segment active = log.segments().active();
        int index = start;
        while (index < limit) {
            int size = BatchView.sizeInBytes(batches, index);
            long baseOffset = BatchView.baseOffset(batches, index);
            long lastOffset = BatchView.lastOffset(batches, index);
            log.recent().add(baseOffset, lastOffset, active.sizeInBytes());
            active.onAppended(
                    size,
                    lastOffset,
                    BatchView.maxTimestampMs(batches, index),
                    log.config().indexIntervalBytes());
            int batchEpoch = BatchView.leaderEpoch(batches, index);
            if (batchEpoch > log.epochs().latest() && log.epochs().assign(batchEpoch, baseOffset)) {
                log.upkeep().tasks().watch(log.upkeep().writeEpochs());
            }
            if (BatchView.hasProducerId(batches, index)) {
                AbortedTransactionEntry aborted = log.producerStates().apply(batches, index, nowMs);
                if (aborted != null) {
                    active.addAborted(aborted);
                }
            }
            log.setLogEndOffset(lastOffset + 1);
            index += size;
        }
        log.segments().onAppended(limit - start);
    }
}
