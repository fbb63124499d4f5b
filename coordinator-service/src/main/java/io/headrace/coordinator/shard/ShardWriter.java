package io.headrace.coordinator.shard;

import io.headrace.coordinator.shard.ShardLog.Appended;
import io.headrace.coordinator.shard.ShardLog.Read;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Appends a shard's records, one append in flight, all that was decided meanwhile in the next.
 *
 * <p>An append of unknown outcome is sent again, the same bytes at the same expected end offset,
 * until its outcome is known: the log takes it only once. If the log has moved on, what stands
 * there is read back: our own records mean that the append had landed; nothing but fences of our
 * own (a late duplicate of the take-over) moves the expected end; anything else breaks the shard,
 * which starts again from the log. Confined to the shard's loop.
 */
final class ShardWriter {
    /** Fences that a retried take-over may leave behind our back. */
    private static final int MAX_STRAY_FENCES = 64;

    private static final int READ_WAIT_MS = 500;

    private final ShardLog log;
    private final Loop loop;
    private final LongSupplier clockMs;
    private final int shardEpoch;
    private final ShardProperties properties;
    private final LogEvents events;
    private final Backoff backoff;

    private List<ShardRecord> pending = new ArrayList<>();
    private int pendingBytes;
    private @Nullable InFlight inFlight;
    private long endOffset;
    private boolean closed;

    /** Whether the append under way may be in the log though no answer said so. */
    private boolean uncertain;

    private record InFlight(List<ShardRecord> records, ByteBuffer batches) {}

    ShardWriter(
            ShardLog log,
            Loop loop,
            LongSupplier clockMs,
            int shardEpoch,
            ShardProperties properties,
            long endOffset,
            LogEvents events) {
        this.log = log;
        this.loop = loop;
        this.clockMs = clockMs;
        this.shardEpoch = shardEpoch;
        this.properties = properties;
        this.endOffset = endOffset;
        this.events = events;
        this.backoff = new Backoff(properties);
    }

    void add(List<ShardRecord> records) {
        for (ShardRecord record : records) {
            pending.add(record);
            pendingBytes = Math.addExact(pendingBytes, record.sizeInBytes());
        }
    }

    boolean isFull() {
        return pendingBytes >= properties.maxPendingBytes();
    }

    /** Whether records wait that no append has been begun for. */
    boolean hasPending() {
        return !pending.isEmpty();
    }

    /** Begins an append unless one is under way or there is nothing to append. */
    boolean flush() {
        if (closed || inFlight != null || pending.isEmpty()) {
            return false;
        }
        ByteBuffer batches =
                BatchEncoder.encode(pending, properties.maxBatchBytes(), clockMs.getAsLong());
        InFlight append = new InFlight(pending, batches);
        pending = new ArrayList<>();
        pendingBytes = 0;
        inFlight = append;
        send(append);
        return true;
    }

    void close() {
        closed = true;
    }

    private void send(InFlight append) {
        if (closed) {
            return;
        }
        Answers.deliver(
                log.append(shardEpoch, endOffset, append.batches().duplicate()),
                loop,
                answer -> onAnswer(append, answer));
    }

    private void onAnswer(InFlight append, @Nullable Appended answer) {
        if (closed) {
            return;
        }
        if (answer == null) {
            retry(append);
            return;
        }
        switch (answer.error()) {
            case NONE -> onAppended(append, answer);
            case FENCED_STATE_EPOCH -> events.onFenced(!uncertain);
            case OFFSET_OUT_OF_RANGE -> resolve(append, answer.logEndOffset());
            default -> onError(append, answer.error());
        }
    }

    private void onError(InFlight append, Errors error) {
        if (error.exception() instanceof RetriableException) {
            retry(append);
        } else {
            events.onBroken("the log refused an append: " + error);
        }
    }

    private void onAppended(InFlight append, Appended answer) {
        if (answer.baseOffset() != endOffset) {
            events.onBroken(
                    "an append expected at " + endOffset + " landed at " + answer.baseOffset());
            return;
        }
        onCommitted(append, endOffset + append.records().size());
    }

    private void onCommitted(InFlight append, long newEndOffset) {
        endOffset = newEndOffset;
        inFlight = null;
        uncertain = false;
        backoff.reset();
        events.onCommitted(append.records().size());
    }

    private void retry(InFlight append) {
        uncertain = true;
        loop.schedule(() -> send(append), backoff.nextMs());
    }

    /** Finds out what stands where our records should be. */
    private void resolve(InFlight append, long logEndOffset) {
        long excess = logEndOffset - endOffset - append.records().size();
        if (logEndOffset <= endOffset || excess > MAX_STRAY_FENCES) {
            events.onBroken("the log ends at " + logEndOffset + " instead of " + endOffset);
            return;
        }
        readBack(append, endOffset, logEndOffset, new ArrayList<>());
    }

    private void readBack(
            InFlight append, long fromOffset, long toOffset, List<ShardRecord> found) {
        Answers.deliver(
                log.read(fromOffset, properties.readBytes(), READ_WAIT_MS),
                loop,
                answer -> onReadBack(append, fromOffset, toOffset, found, answer));
    }

    private void onReadBack(
            InFlight append,
            long fromOffset,
            long toOffset,
            List<ShardRecord> found,
            @Nullable Read answer) {
        if (closed) {
            return;
        }
        if (answer == null || answer.error() != Errors.NONE) {
            retry(append);
            return;
        }
        long nextOffset;
        try {
            nextOffset = BatchDecoder.read(answer.batches(), fromOffset, toOffset, found::add);
        } catch (CorruptBatchException e) {
            events.onBroken("the log is unreadable: " + e.getMessage());
            return;
        }
        if (nextOffset == fromOffset) {
            retry(append); // not committed yet, or no longer there: the next answer tells
        } else if (nextOffset < toOffset) {
            readBack(append, nextOffset, toOffset, found);
        } else {
            onFound(append, found, toOffset);
        }
    }

    private void onFound(InFlight append, List<ShardRecord> found, long logEndOffset) {
        found.removeIf(record -> FenceRecords.isFence(record.key()));
        if (found.isEmpty()) {
            endOffset = logEndOffset;
            send(append);
        } else if (found.equals(append.records())) {
            onCommitted(append, logEndOffset);
        } else {
            events.onBroken("the log holds records at " + endOffset + " that are not ours");
        }
    }
}
