package io.headrace.storage.log;

import io.headrace.storage.file.Directories;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.file.TextCheckpoint;
import io.headrace.storage.recovery.LoadRequest;
import io.headrace.storage.recovery.LoadedLog;
import io.headrace.storage.recovery.LogLoader;
import io.headrace.storage.recovery.LogTruncation;
import io.headrace.storage.recovery.VerifiedPoint;
import io.headrace.storage.segment.Segment;
import io.headrace.storage.segment.SegmentFiles;
import io.headrace.transport.loop.Roster;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * What one log has done on the I/O executor: epochs, index files, snapshots, checkpoints,
 * truncation. Started on the owner loop, one task of a log at a time, and finished there.
 */
final class LogUpkeep {
    private static final int SNAPSHOTS_KEPT = 3;

    private final PartitionLog log;
    private final LogTasks tasks;
    private final Roster.Place<PartitionLog> place;
    private final ArrayDeque<Long> snapshotsBetweenRolls = new ArrayDeque<>(0);
    private volatile CheckpointState published;
    private @Nullable VerifiedPoint verified;
    private final List<CompletableFuture<Void>> epochWaiters = new ArrayList<>(0);
    private final UnwrittenSegments unwritten;
    private long epochWrites;
    private boolean epochsDirty;
    private boolean epochsFoundNoSpace;
    private boolean dirty;
    private boolean checkpointing;
    private long durableRecoveryPoint;
    private long recoveryPointMax = Long.MAX_VALUE; // less while the log is cut
    private long highWatermarkMax = Long.MAX_VALUE; // likewise
    private long snapshotOffset;
    private long snapshotChanges;

    LogUpkeep(PartitionLog log, LoadedLog loaded) {
        this.log = log;
        this.tasks = new LogTasks(log);
        this.place = log.directory().awake().placeOf(log);
        this.snapshotOffset = loaded.snapshotOffset();
        this.unwritten = new UnwrittenSegments(log, this::onSnapshot);
        this.unwritten.onLoaded(loaded.unwritten());
        this.snapshotChanges = -1;
        this.durableRecoveryPoint = log.flusher().deviceOffset();
        this.published = CheckpointState.of(log, durableRecoveryPoint, highWatermarkMax, null);
        this.dirty = true;
        this.epochsDirty = loaded.epochsUnwritten();
        this.epochsFoundNoSpace = epochsDirty;
    }

    /** What the directory's checkpoint files are to say. Any thread. */
    CheckpointState published() {
        return published;
    }

    void publish() {
        if (publishChanges()) {
            place.ask();
        }
    }

    private boolean publishChanges() {
        if (!epochsDirty) {
            durableRecoveryPoint = log.flusher().deviceOffset();
        }
        durableRecoveryPoint = Math.min(durableRecoveryPoint, recoveryPointMax);
        CheckpointState before = published;
        CheckpointState now =
                CheckpointState.of(log, durableRecoveryPoint, highWatermarkMax, verified);
        boolean changed = !now.equals(before);
        published = changed ? now : before;
        return changed;
    }

    void onAppended() {
        dirty = true;
        place.ask();
    }

    /** The store's ticks are to look at this log: something of it changed. */
    Roster.Place<PartitionLog> place() {
        return place;
    }

    /** How it has done what blocks. */
    LogTasks tasks() {
        return tasks;
    }

    /** Makes the leader epochs durable as they are now, or become while the disk is full. */
    CompletableFuture<Void> writeEpochs() {
        CompletableFuture<Void> written = new CompletableFuture<>();
        epochWaiters.add(written);
        epochsDirty = true;
        replaceEpochs();
        return written;
    }

    private void replaceEpochs() {
        List<CompletableFuture<Void>> waiting = List.copyOf(epochWaiters);
        epochWaiters.clear();
        List<String> lines = log.epochs().toLines();
        Path file = log.path().resolve(LogLoader.EPOCH_FILE);
        long writing = ++epochWrites;
        tasks.watch(
                tasks.replaceSerially(file, TextCheckpoint.encode(lines))
                        .whenComplete((done, failure) -> onEpochs(writing, waiting, failure)));
    }

    private void onEpochs(
            long writing, List<CompletableFuture<Void>> waiting, @Nullable Throwable failure) {
        if (failure == null) {
            if (epochWrites == writing) {
                epochsDirty = false;
                publish();
            }
            waiting.forEach(each -> each.complete(null));
        } else if (DiskFullException.isCauseOf(failure)) {
            epochsFoundNoSpace = true;
            place.ask();
            epochWaiters.addAll(waiting);
        } else {
            waiting.forEach(each -> each.completeExceptionally(failure));
        }
    }

    /** Does again what found no space; on the owner loop. */
    void retry() {
        if (log.isClosed() || log.isOffline()) {
            return;
        }
        if (epochsFoundNoSpace) {
            epochsFoundNoSpace = false;
            replaceEpochs();
        }
        if (!log.isTruncating()) {
            unwritten.retry();
        }
        log.flusher().retry();
    }

    /** Makes the next segment's file ahead. */
    void prepareNext(Path prepared) {
        tasks.watch(
                tasks.serially(
                                () -> {
                                    Files.deleteIfExists(prepared);
                                    LogFile.create(prepared).release();
                                    return true;
                                })
                        .thenRun(() -> log.segments().onNextPrepared()));
    }

    /** A segment was closed: its indexes and the producers' state at its end go to disk. */
    void onRolled(Segment closed) {
        unwritten.onRolled(closed);
        if (!log.isFsync()) {
            log.flusher().request();
        }
    }

    private void onSnapshot(long offset, long changes) {
        if (offset > snapshotOffset) {
            snapshotOffset = offset;
            snapshotChanges = changes;
        }
    }

    /**
     * Notes where the log is good up to: index entries and producer state go to files, so that a
     * restart has little to read. Does nothing if nothing was appended since. Answers when it is
     * published, or failed.
     */
    CompletableFuture<Void> checkpoint() {
        if (checkpointing || log.isClosed() || log.isOffline() || log.isTruncating()) {
            return CompletableFuture.completedFuture(null);
        }
        if (!dirty) {
            boolean changed = publishChanges();
            forget();
            if (!changed && !isWaiting()) {
                place.end();
            }
            return CompletableFuture.completedFuture(null);
        }
        dirty = false;
        checkpointing = true;
        CompletableFuture<Void> written =
                write(false)
                        .whenComplete(
                                (done, failure) -> {
                                    checkpointing = false;
                                    dirty |= failure != null;
                                    place.ask(); // for what it is to forget, or do again
                                })
                        .thenRun(this::forget);
        tasks.watch(written);
        return written;
    }

    /** Whether a later tick has to do something though nothing changes until then. */
    private boolean isWaiting() {
        boolean flushesByTime = !log.isFsync() && log.config().flushMs() < Long.MAX_VALUE;
        return (flushesByTime && log.unflushedSinceMs() >= 0)
                || epochsFoundNoSpace
                || unwritten.foundNoSpace()
                || log.flusher().foundNoSpace();
    }

    /** Writes index tails and snapshot, then publishes the point that they are good for. */
    CompletableFuture<Void> write(boolean flush) {
        Segment active = log.activeSegment();
        active.addTimeEntry();
        Segment.IndexTails tails = active.tails();
        long offset = log.logEndOffset();
        long position = active.sizeInBytes();
        long changes = log.producerStates().changes();
        byte[] snapshot =
                changes != snapshotChanges
                                && (log.producerStates().count() > 0 || snapshotOffset >= 0)
                        ? log.producerStates().toSnapshot()
                        : null;
        long pointSnapshot = snapshot == null ? snapshotOffset : offset;
        Path snapshotFile = SegmentFiles.path(log.path(), offset, SegmentFiles.PRODUCER_SNAPSHOT);
        VerifiedPoint point =
                new VerifiedPoint(offset, active.baseOffset(), position, pointSnapshot, offset);
        return tasks.serially(
                        () -> {
                            tails.write(flush);
                            if (snapshot != null && flush) {
                                Directories.replace(snapshotFile, snapshot);
                            } else if (snapshot != null) {
                                Directories.replaceUnflushed(snapshotFile, snapshot);
                            }
                            return true;
                        })
                .thenAccept(
                        done -> {
                            if (snapshot != null) {
                                snapshotChanges = changes;
                                keepSnapshot(offset);
                            }
                            tails.onWritten();
                            lastTails = tails;
                            // An entry of an epoch that was cut may still be in the file: then
                            // only the batches themselves deny it, so they are to be read.
                            boolean isGood =
                                    !epochsDirty
                                            && !log.isTruncating()
                                            && unwritten.isNoneBelow(point.segmentBaseOffset());
                            verified = isGood ? point : verified;
                            publish();
                        });
    }

    private Segment.@Nullable IndexTails lastTails;

    /** Lets memory forget index entries that readers of warm bytes do not need. */
    private void forget() {
        Segment active = log.activeSegment();
        Segment.IndexTails written = lastTails;
        if (written != null && written.segment().equals(active)) {
            written.settle();
        }
        active.forgetBelow(log.segments().warmPosition());
        lastTails = null;
        if (!dirty) {
            log.recent().clear();
            log.segments().accountWarmBytes();
        }
    }

    private void keepSnapshot(long offset) {
        if (offset == snapshotOffset) {
            return;
        }
        snapshotOffset = offset;
        if (offset == log.activeSegment().baseOffset()) {
            return;
        }
        snapshotsBetweenRolls.addLast(offset);
        while (snapshotsBetweenRolls.size() > SNAPSHOTS_KEPT) {
            long old = snapshotsBetweenRolls.removeFirst();
            if (isSegmentBase(old)) {
                continue;
            }
            Path file = SegmentFiles.path(log.path(), old, SegmentFiles.PRODUCER_SNAPSHOT);
            tasks.watch(tasks.serially(() -> Files.deleteIfExists(file)));
        }
    }

    private boolean isSegmentBase(long offset) {
        for (Segment segment : log.segments().all()) {
            if (segment.baseOffset() == offset) {
                return true;
            }
        }
        return false;
    }

    /** A policy without promises takes back what was promised; one with them starts anew. */
    void onConfig(LogConfig before) {
        if (before.flushMs() != log.config().flushMs()) {
            place.ask(); // it may be time for what no tick had to wait for
        }
        if (before.isFsync() == log.isFsync()) {
            return;
        }
        if (log.isFsync()) {
            log.flusher().request();
            return;
        }
        log.flusher()
                .whenIdle(
                        () ->
                                tasks.watch(
                                        tasks.serially(
                                                () -> {
                                                    log.directory().takeBackPromise(log);
                                                    return true;
                                                })));
    }

    /** Cuts the log, or empties it, and loads what is left. */
    CompletableFuture<Void> truncate(long offset, boolean fully) {
        CompletableFuture<Void> result = new CompletableFuture<>();
        log.beginTruncation();
        Segment cut = log.segments().all()[log.segments().floorIndex(offset)];
        VerifiedPoint point = verified;
        boolean isLeft =
                !fully
                        && point != null
                        && point.segmentBaseOffset() == cut.baseOffset()
                        && point.offset() <= offset;
        LogTruncation truncation = new LogTruncation(offset, fully, isLeft ? point : null);
        verified = null;
        // The checkpoint must not say of what is appended after the cut that it is on the device.
        recoveryPointMax = fully ? 0 : Math.min(offset, cut.baseOffset());
        highWatermarkMax = offset;
        publish();
        log.flusher().whenIdle(() -> truncate(truncation, result));
        return result;
    }

    /** Again and again while the disk is full: cutting is what makes room. */
    private void truncate(LogTruncation cut, CompletableFuture<Void> result) {
        List<LogFile> unflushed = log.flusher().unflushedClosed();
        boolean trusts = !cut.fully() && !unwritten.foundNoSpaceBelow(cut.offset());
        tasks.watch(
                tasks.serially(() -> cutAndLoad(cut, trusts ? cut.offset() : 0, unflushed))
                        .whenComplete(
                                (loaded, failure) -> {
                                    if (failure == null) {
                                        finishTruncation(loaded, cut);
                                        result.complete(null);
                                    } else if (DiskFullException.isCauseOf(failure)
                                            && !log.isClosed()) {
                                        Runnable again = () -> truncate(cut, result);
                                        log.directory().retryLater(() -> log.loop().execute(again));
                                    } else {
                                        result.completeExceptionally(unwrap(failure));
                                    }
                                }));
    }

    private static Throwable unwrap(Throwable failure) {
        Throwable cause = failure.getCause();
        return failure instanceof CompletionException && cause != null ? cause : failure;
    }

    private void finishTruncation(LoadedLog loaded, LogTruncation cut) {
        snapshotOffset = loaded.snapshotOffset();
        snapshotChanges = -1;
        snapshotsBetweenRolls.clear();
        unwritten.onLoaded(loaded.unwritten());
        dirty = true;
        if (cut.fully()) {
            log.epochs().clear();
        } else {
            log.epochs().truncateFromEnd(cut.offset());
        }
        recoveryPointMax = Long.MAX_VALUE;
        highWatermarkMax = Long.MAX_VALUE;
        verified = loaded.verified();
        log.endTruncation(loaded, cut.fully() ? cut.offset() : log.logStartOffset());
        tasks.watch(writeEpochs());
        publish();
    }

    /**
     * First no entry of the journal counts any more that would bring back what is cut, then the
     * promise is lowered and the checkpoints forget what is cut, durably: a crash in between must
     * not miss what is cut on purpose. All that is below the cut is there: what of it cannot be
     * read is damaged, and kept as a lost range, never cut as a torn end is.
     */
    private LoadedLog cutAndLoad(LogTruncation wanted, long trusted, List<LogFile> unflushed)
            throws IOException {
        for (LogFile file : unflushed) {
            file.flush(); // what is left of the log after the cut is flushed no more
        }
        LogDirectory directory = log.directory();
        Path path = log.path();
        LogTruncation cut = wanted.orUnverified(path, log.context().producerIds());
        VerifiedPoint point = cut.verified();
        long end = cut.endOffset(path);
        directory.roundJournal().settleAlone(log.journalKey(), end);
        directory.journal().lower(log.journalKey(), end);
        directory.forgetAbove(log.id(), end, point == null ? -1 : point.offset());
        cut.cut(path);
        LoadedLog loaded =
                LogLoader.load(
                        new LoadRequest(
                                path,
                                log.id().topicPartition().toString(),
                                point,
                                trusted,
                                end,
                                cut.fully() ? cut.offset() : log.logStartOffset(),
                                log.config().indexIntervalBytes(),
                                log.context().producerIds(),
                                log.context().runtime().clockMs().getAsLong()));
        if (cut.fully()) {
            loaded.producers().clear();
        }
        return loaded;
    }
}
