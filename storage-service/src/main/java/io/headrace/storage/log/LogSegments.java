package io.headrace.storage.log;

import io.headrace.protocol.batch.read.AbortedTransaction;
import io.headrace.storage.file.Directories;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.recovery.LoadedLog;
import io.headrace.storage.recovery.OffsetHoles;
import io.headrace.storage.segment.AbortedTransactionEntry;
import io.headrace.storage.segment.Segment;
import io.headrace.storage.segment.SegmentFiles;

import org.apache.kafka.common.protocol.Errors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The segments of one log in order, the last one active; rolling. Confined to the owner loop, but
 * for the array of {@link #all}, which is never changed.
 */
final class LogSegments {
    private final PartitionLog log;
    private final WarmWindow.Trail trail;
    private final AtomicBoolean rewriting = new AtomicBoolean();
    private volatile Path directory;
    private volatile Segment[] segments;
    private volatile long closedBytes;
    private volatile boolean hasHoles;
    private LogFile activeFile;
    private long activeStartPlace;
    private long activeCreatedMs;
    private long jitterMs;
    private boolean nextIsPrepared;
    private boolean nextIsWanted;
    private boolean wasCutBack;

    LogSegments(PartitionLog log, Path directory, LoadedLog loaded, WarmWindow warmWindow) {
        this.log = log;
        this.directory = directory;
        this.trail = new WarmWindow.Trail(warmWindow);
        this.segments = loaded.segments().toArray(new Segment[0]);
        this.activeFile = loaded.activeFile();
        this.hasHoles = loaded.hasHoles();
        countClosed();
        begin(log.context().runtime().clockMs().getAsLong());
    }

    /** Takes over what was loaded after a truncation. */
    void install(LoadedLog loaded) {
        activeFile.release();
        for (Segment segment : segments) {
            log.context().openFiles().remove(segment);
        }
        segments = loaded.segments().toArray(new Segment[0]);
        activeFile = loaded.activeFile();
        nextIsPrepared = false; // loading tidied it away
        nextIsWanted = false;
        trail.restart();
        countClosed();
        begin(log.context().runtime().clockMs().getAsLong());
    }

    /**
     * Has the next flush include what an earlier life of this process left in the page cache. Opens
     * files, so before the log is in use.
     */
    void handUnflushedTo(LogFlusher flusher) throws IOException {
        wasCutBack = true; // for all this process knows
        if (flusher.deviceOffset() < log.logEndOffset()) {
            flusher.onNewFile();
        }
        for (int i = 0; i < segments.length - 1; i++) {
            // Also one that ends just there: what was cut off it may not be on the device.
            if (segments[i + 1].baseOffset() >= flusher.deviceOffset()) {
                flusher.onNewFile();
                flusher.onClosed(LogFile.open(segments[i].path(SegmentFiles.LOG)));
            }
        }
    }

    private void begin(long nowMs) {
        activeStartPlace = trail.appended() - active().sizeInBytes();
        wasCutBack = false;
        activeCreatedMs = nowMs;
        long bound = Math.min(log.config().segmentJitterMs(), log.config().segmentMs());
        jitterMs = bound > 0 ? log.context().runtime().random().nextLong(bound) : 0;
    }

    private void countClosed() {
        long bytes = 0;
        for (int i = 0; i < segments.length - 1; i++) {
            bytes += segments[i].sizeInBytes();
        }
        closedBytes = bytes;
    }

    /** All segments now. */
    Segment[] all() {
        return segments;
    }

    Segment active() {
        return segments[segments.length - 1];
    }

    LogFile activeFile() {
        return activeFile;
    }

    Path directory() {
        return directory;
    }

    long sizeInBytes() {
        return closedBytes + segments[segments.length - 1].sizeInBytes();
    }

    /** The segment that holds the offset, or the first one. */
    int floorIndex(long offset) {
        int low = 0;
        int high = segments.length - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (segments[middle].baseOffset() <= offset) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    boolean isWarm(long positionInActive) {
        return trail.isWarm(activeStartPlace + positionInActive);
    }

    /** Writes at the end of the active segment; a write that fails leaves nothing behind. */
    void write(ByteBuffer batches) throws IOException {
        long end = active().sizeInBytes();
        try {
            activeFile.write(batches, end);
        } catch (IOException e) {
            cutBack(end, e);
            throw e;
        }
    }

    private void cutBack(long end, IOException failure) {
        wasCutBack = true;
        log.flusher().onCutBack();
        try {
            activeFile.truncate(end);
        } catch (IOException e) {
            failure.addSuppressed(e);
            log.directory().fail(failure);
        }
    }

    /** The position in the active segment from which on all is warm. */
    long warmPosition() {
        return trail.warmFrom() - activeStartPlace;
    }

    void onAppended(long bytes) {
        trail.onAppended(bytes);
        long prepareAt = log.config().segmentBytes() - log.config().segmentBytes() / 4L;
        if (!nextIsWanted && active().sizeInBytes() >= prepareAt) {
            nextIsWanted = true;
            log.upkeep().prepareNext(directory.resolve(SegmentFiles.PREPARED_LOG));
        }
    }

    void onNextPrepared() {
        nextIsPrepared = true;
    }

    /** Brings bytes of an idle log to the account of warm bytes. */
    void accountWarmBytes() {
        trail.account();
    }

    /** Refuses what is larger than a segment may be. */
    void requireFits(int bytes) {
        LogConfig config = log.config();
        if (bytes > config.segmentBytes()) {
            throw Errors.RECORD_LIST_TOO_LARGE.exception(
                    "Message batch size is "
                            + bytes
                            + " bytes in append to partition "
                            + log.id().topicPartition()
                            + ", which exceeds the maximum configured segment size of "
                            + config.segmentBytes());
        }
    }

    /** Rolls if batches of that size and time do not belong into the active segment. */
    void makeRoom(int bytes, long lastOffset, long maxTimestampMs, long nowMs) throws IOException {
        LogConfig config = log.config();
        Segment active = active();
        boolean isFull =
                active.sizeInBytes() + (long) bytes > config.segmentBytes()
                        || !active.canHold(lastOffset)
                        || active.offsets().sizeInBytes() >= config.segmentIndexBytes();
        if (active.sizeInBytes() > 0 && (isFull || isOld(active, maxTimestampMs, nowMs))) {
            roll(nowMs);
        }
    }

    private boolean isOld(Segment active, long maxTimestampMs, long nowMs) {
        long age =
                active.firstTimestampMs() >= 0 && maxTimestampMs >= 0
                        ? maxTimestampMs - active.firstTimestampMs()
                        : nowMs - activeCreatedMs;
        return age > log.config().segmentMs() - jitterMs;
    }

    /** Closes the active segment, unless it is empty, and begins the next at the log end. */
    void roll(long nowMs) throws IOException {
        Segment closing = active();
        if (closing.sizeInBytes() == 0) {
            return;
        }
        LogFile closingFile = activeFile;
        boolean isFlushed = log.flusher().deviceOffset() >= log.logEndOffset();
        if (isFlushed && wasCutBack) {
            // What a power loss may bring back of a failed write must be gone before another file
            // is there: recovery does not read what was flushed. It is all that is left to flush.
            closingFile.flush();
        }
        Segment next = Segment.empty(directory, log.logEndOffset());
        LogFile nextFile = openNext(next);
        closing.addTimeEntry();
        if (!isFlushed) {
            if (!closingFile.retain()) {
                throw new IllegalStateException("The active file of " + log.id() + " is closed");
            }
            log.flusher().onClosed(closingFile);
        }
        log.context().openFiles().put(closing, closingFile);
        Segment[] more = Arrays.copyOf(segments, segments.length + 1);
        more[segments.length] = next;
        segments = more;
        countClosed();
        activeFile = nextFile;
        log.recent().clear();
        log.flusher().onNewFile();
        begin(nowMs);
        log.upkeep().onRolled(closing);
    }

    private LogFile openNext(Segment next) throws IOException {
        Path path = next.path(SegmentFiles.LOG);
        boolean usePrepared = nextIsPrepared;
        nextIsPrepared = false;
        nextIsWanted = false;
        if (usePrepared) {
            Path prepared = directory.resolve(SegmentFiles.PREPARED_LOG);
            if (!Files.exists(path)) {
                Directories.rename(prepared, path);
                return LogFile.open(path);
            }
        }
        return LogFile.create(path);
    }

    /** Takes the oldest segments away; they are no more seen by new reads. */
    List<Segment> removeOldest(int count) {
        Segment[] before = segments;
        List<Segment> removed = new ArrayList<>(Arrays.asList(before).subList(0, count));
        segments = Arrays.copyOfRange(before, count, before.length);
        countClosed();
        removed.forEach(log.context().openFiles()::remove);
        return removed;
    }

    /** Puts a compacted segment in the place of closed ones that follow each other. */
    void replace(List<Segment> old, Segment cleaned) {
        List<Segment> now = new ArrayList<>(Arrays.asList(segments));
        int at = now.indexOf(old.getFirst());
        if (at < 0 || !now.subList(at, at + old.size()).equals(old)) {
            throw new IllegalStateException("Segments to replace are gone from " + log.id());
        }
        now.subList(at, at + old.size()).clear();
        now.add(at, cleaned);
        segments = now.toArray(new Segment[0]);
        countClosed();
        old.forEach(Segment::markReplaced);
        old.forEach(log.context().openFiles()::remove);
    }

    List<AbortedTransaction> aborted(long fromOffset, long upperBoundOffset) {
        List<AbortedTransaction> found = new ArrayList<>(0);
        for (int i = floorIndex(fromOffset); i < segments.length; i++) {
            for (AbortedTransactionEntry entry : segments[i].aborted()) {
                if (entry.lastOffset() >= fromOffset && entry.firstOffset() < upperBoundOffset) {
                    found.add(new AbortedTransaction(entry.producerId(), entry.firstOffset()));
                }
                if (entry.lastStableOffset() >= upperBoundOffset) {
                    return found;
                }
            }
        }
        return found;
    }

    /** The directory was renamed. */
    void moveTo(Path newDirectory) {
        directory = newDirectory;
        for (Segment segment : segments) {
            segment.moveTo(newDirectory);
        }
    }

    /** Whether offsets may be missing between batches. Any thread. */
    boolean hasHoles() {
        return hasHoles;
    }

    /** To be called before offsets are missing between batches; durable. Any thread. */
    void noteHoles() throws IOException {
        if (!hasHoles) {
            OffsetHoles.note(directory);
            hasHoles = true;
        }
    }

    /** Lets one at a time write a segment anew. Any thread. */
    boolean beginRewrite() {
        return rewriting.compareAndSet(false, true);
    }

    void endRewrite() {
        rewriting.set(false);
    }

    /** Lets go of all files. */
    void close() {
        activeFile.release();
        for (Segment segment : segments) {
            log.context().openFiles().remove(segment);
        }
    }
}
