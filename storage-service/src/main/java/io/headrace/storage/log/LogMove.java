package io.headrace.storage.log;

import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.storage.file.LogFile;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/**
 * One log on its way to another directory (KIP-113): a copy beside it takes over its batches until
 * it has them all, and then takes its place. Confined to the log's owner loop.
 *
 * <pre>
 *   copying     the copy takes chunk after chunk, as fast as it may; cut where the log was cut
 *   finishing   near the end: the log refuses appends until the copy has the rest, flushed
 *   swapping    1  the copy is marked complete, durably
 *               2  the log's directory is set aside to be deleted
 *               3  the copy's directory gets the log's name
 * </pre>
 *
 * <p>A crash before 1 leaves both, and copying goes on where it was; after 2 the mark says that the
 * copy is the log; in between the copy is found to have everything and the steps are done again.
 */
final class LogMove implements LogListener {
    private static final int CHUNK_BYTES = 1 << 20;
    private static final int CUTS_MAX = 100;

    private final LogMoves moves;
    private final TopicIdPartition id;
    private final LogDirectory target;
    private final PartitionLog log;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private volatile @Nullable PartitionLog copy;
    private long copyBegins = -1;
    private int cuts;
    private boolean busy;
    private boolean finishing;
    private boolean swapping;
    private boolean cancelled;

    LogMove(LogMoves moves, PartitionLog log, LogDirectory target) {
        this.moves = moves;
        this.id = log.id();
        this.log = log;
        this.target = target;
    }

    TopicIdPartition id() {
        return id;
    }

    LogDirectory target() {
        return target;
    }

    PartitionLog log() {
        return log;
    }

    /** The copy, or null before it is made. */
    @Nullable PartitionLog copy() {
        return copy;
    }

    /** Whether the last steps are under way, so that it cannot end without them. */
    boolean isSwapping() {
        return swapping;
    }

    /** Completes when the move is over, one way or the other. */
    CompletableFuture<Void> ended() {
        return ended;
    }

    /** The copy is there, perhaps from an earlier life. */
    void begin(PartitionLog made) {
        copy = made;
        made.listen(this);
        goOn();
    }

    /** Gives the move up, unless its last steps are under way; then waits for {@link #ended}. */
    void cancel() {
        if (swapping || cancelled) {
            return;
        }
        cancelled = true;
        if (finishing) {
            finishing = false;
            log.setFrozen(false);
            log.listener().onMoved(log, log);
        }
        moves.discard(this);
        ended.complete(null);
    }

    @Override
    public void onFlushed(PartitionLog source, long flushedOffset) {
        if (finishing) {
            goOn();
        }
    }

    @Override
    public void onOffline(PartitionLog source, Throwable cause) {
        cancel();
    }

    /** Goes on, if nothing is under way: after each step, and at each tick. */
    void goOn() {
        PartitionLog to = copy;
        if (to == null || busy || swapping || cancelled || moves.isClosed()) {
            return;
        }
        if (log.isClosed() || log.isOffline() || target.isOffline()) {
            cancel();
            return;
        }
        if (log.isTruncating() || to.isTruncating() || !isAligned(to)) {
            return; // at the next tick, or when it is cut
        }
        if (to.logEndOffset() < log.logEndOffset()) {
            if (moves.beginChunk(this, finishing)) {
                copyChunk(to);
            }
        } else if (!finishing) {
            finish();
        } else if (to.flusher().durableOffset() < to.logEndOffset()) {
            to.flusher().request();
        } else {
            swap(to);
        }
    }

    /**
     * Whether all that the copy has is in the log too; else it is cut, and goes on later. Offsets
     * of one epoch are the same records everywhere (KIP-101).
     */
    private boolean isAligned(PartitionLog to) {
        long end = to.logEndOffset();
        long start = log.logStartOffset();
        if (end < start && end != copyBegins) {
            cut(to.truncateFullyAndStartAt(start));
            return false;
        }
        if (to.logStartOffset() == end) {
            if (end <= log.logEndOffset()) {
                return true;
            }
            cut(to.truncateFullyAndStartAt(start));
            return false;
        }
        EpochEndOffset known = log.endOffsetFor(to.latestLeaderEpoch());
        EpochEndOffset own = to.endOffsetFor(known.leaderEpoch());
        long common = Math.min(known.endOffset(), own.endOffset());
        if (to.latestLeaderEpoch() >= 0 && common < end) {
            if (++cuts > CUTS_MAX) {
                giveUp(new IllegalStateException("The batches deny the leader epochs"));
                return false;
            }
            cut(to.truncateTo(Math.max(common, to.logStartOffset())));
            return false;
        }
        return true;
    }

    private void cut(CompletableFuture<Void> done) {
        busy = true;
        done.whenComplete(
                (nothing, failure) -> {
                    busy = false;
                    if (failure != null) {
                        cancel();
                    } else {
                        log.loop().execute(this::goOn);
                    }
                });
    }

    private void copyChunk(PartitionLog to) {
        long from = Math.max(to.logEndOffset(), log.logStartOffset());
        int chunk = Math.min(CHUNK_BYTES, log.config().segmentBytes());
        CompletableFuture<ByteBuffer> read;
        try {
            read = read(log.read(from, chunk, true, log.logEndOffset()));
        } catch (ApiException | CorruptRangeException e) {
            moves.endChunk();
            giveUp(e);
            return;
        }
        busy = true;
        read.whenComplete(
                (bytes, failure) -> {
                    busy = false;
                    moves.endChunk();
                    if (cancelled) {
                        return;
                    }
                    if (failure != null) {
                        giveUp(failure);
                        return;
                    }
                    try {
                        take(to, bytes);
                    } catch (CorruptBatchException e) {
                        giveUp(e);
                    }
                });
    }

    private CompletableFuture<ByteBuffer> read(LogSlice slice) {
        return switch (slice) {
            case LogSlice.Empty() -> CompletableFuture.completedFuture(ByteBuffer.allocate(0));
            case LogSlice.Warm warm -> log.upkeep().tasks().onIo(() -> readAll(warm));
            case LogSlice.Cold cold ->
                    log.upkeep().tasks().onIo(() -> cold.load(ByteBuffer::allocate));
        };
    }

    private static ByteBuffer readAll(LogSlice.Warm warm) throws IOException {
        LogFile file = warm.file();
        try {
            ByteBuffer bytes = ByteBuffer.allocate(warm.sizeInBytes());
            file.readFully(bytes, warm.position());
            return bytes.flip();
        } finally {
            warm.release();
        }
    }

    /** Appends whole batches; what was cut off at the end of a chunk comes with the next. */
    private void take(PartitionLog to, ByteBuffer bytes) {
        int whole = wholeBatches(bytes);
        if (whole == 0 || log.isTruncating() || to.isTruncating()) {
            return; // at the next tick
        }
        bytes.limit(bytes.position() + whole);
        long first = BatchView.baseOffset(bytes, bytes.position());
        if (first < to.logEndOffset()) {
            boolean isEmpty = to.logStartOffset() == to.logEndOffset();
            if (!isEmpty || first == copyBegins) {
                giveUp(new IllegalStateException("The copy does not continue at " + first));
                return;
            }
            copyBegins = first; // the log starts in the middle of its first batch
            cut(to.truncateFullyAndStartAt(first));
            return;
        }
        long endBefore = to.logEndOffset();
        try {
            to.append(bytes, -1, AppendOrigin.REPLICATION, moves.nowMs());
        } catch (KafkaStorageException e) {
            moves.onDelayed(this, e);
            if (finishing) {
                abandonFinish();
            }
            return; // at the next tick
        } catch (ApiException e) {
            giveUp(e);
            return;
        }
        moves.onCopied(whole);
        to.updateHighWatermark(log.highWatermark());
        to.flusher().request();
        long left = log.logEndOffset() - to.logEndOffset();
        boolean isNear = left <= to.logEndOffset() - endBefore; // about one more chunk
        if (isNear && !finishing) {
            finish();
        }
        log.loop().execute(this::goOn);
    }

    private static int wholeBatches(ByteBuffer bytes) {
        int index = bytes.position();
        while (index < bytes.limit()) {
            int size = BatchSet.sizeAt(bytes, index, bytes.limit());
            if (size == BatchSet.PARTIAL) {
                break;
            }
            index += size;
        }
        return index - bytes.position();
    }

    /** Nearly everything is copied: nothing may be added until the rest is. */
    private void finish() {
        if (log.unclean().isPresent()) {
            giveUp(new IllegalStateException("The log has lost records"));
        } else if (!log.isFrozen() && log.listener().mayMove(log)) {
            finishing = true;
            log.setFrozen(true);
            log.loop().execute(this::goOn);
        }
    }

    private void abandonFinish() {
        finishing = false;
        log.setFrozen(false);
        log.listener().onMoved(log, log);
    }

    private void giveUp(Throwable cause) {
        moves.onFailed(this, cause);
        cancel();
    }

    private void swap(PartitionLog to) {
        swapping = true;
        to.takeOver(log);
        moves.markComplete(this, to)
                .whenComplete(
                        (done, failure) -> {
                            if (failure == null) {
                                log.markClosed();
                                moves.exchange(this, to)
                                        .whenComplete((moved, broken) -> onSwapped(to, broken));
                            } else {
                                swapping = false;
                                giveUp(failure);
                            }
                        });
    }

    private void onSwapped(PartitionLog to, @Nullable Throwable failure) {
        if (failure == null) {
            log.listener().onMoved(log, to);
        } else {
            log.listener().onOffline(log, failure);
        }
        ended.complete(null);
    }
}
