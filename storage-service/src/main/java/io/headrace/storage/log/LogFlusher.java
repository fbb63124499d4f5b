package io.headrace.storage.log;

import io.headrace.storage.commit.FlushExtent;
import io.headrace.storage.commit.GroupCommit;
import io.headrace.storage.commit.SegmentTail;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.file.NoSpace;
import io.headrace.storage.journal.PromiseJournal;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * What of one log is durable, and what is on its way there: what is appended while one request is
 * flushed waits in the next one, which is queued already. Confined to the owner loop.
 *
 * <pre>
 *   deviceOffset      &lt;=      durableOffset      &lt;=      logEndOffset
 *   the files have it         they or the journal
 * </pre>
 */
final class LogFlusher {
    private final PartitionLog log;
    private final Executor loop;
    private final List<LogFile> dirtyClosed = new ArrayList<>(0);
    private final List<Runnable> whenIdle = new ArrayList<>(0);
    private long deviceOffset;
    private long durableOffset;
    private int resets;
    private @Nullable SegmentTail tail;
    private @Nullable FlushExtent latest;
    private boolean latestPromises;
    private int inFlight;
    private boolean again;
    private boolean unpromised;
    private boolean directoryDirty;

    LogFlusher(PartitionLog log, Executor loop, long deviceOffset) {
        this.log = log;
        this.loop = loop;
        this.deviceOffset = deviceOffset;
        this.durableOffset = deviceOffset;
    }

    /** Everything below survives a loss of power. */
    long durableOffset() {
        return durableOffset;
    }

    /** Everything below is on the device in the log's own files. */
    long deviceOffset() {
        return deviceOffset;
    }

    /** A segment was closed: the caller's use of its file passes to the next flush. */
    void onClosed(LogFile file) {
        dirtyClosed.add(file);
        if (latest != null) {
            latest.limitTo(log.logEndOffset());
        }
    }

    /** The directory has a new file. */
    void onNewFile() {
        directoryDirty = true;
    }

    /** Has everything up to the log end flushed, by the request that waits or a new one. */
    void request() {
        long end = log.logEndOffset();
        if (end <= durableOffset || log.isOffline() || log.isClosed()) {
            return;
        }
        if (!whenIdle.isEmpty() || log.isTruncating()) {
            again = true; // nothing may go on its way while the log is cut
            return;
        }
        FlushExtent before = latest;
        boolean isIncluded =
                before != null
                        && latestPromises == log.isFsync()
                        && (before.isOpen() || before.covers(end));
        if (!isIncluded) {
            submit();
        }
    }

    private void submit() {
        LogFile active = log.activeFile();
        List<LogFile> files = new ArrayList<>(dirtyClosed.size() + 1);
        files.addAll(dirtyClosed);
        dirtyClosed.clear();
        if (!active.retain()) {
            throw new IllegalStateException("The active file of " + log.id() + " is closed");
        }
        files.add(active);
        if (latest != null) {
            latest.limitTo(log.logEndOffset()); // only the latest hears of segments that close
        }
        FlushExtent extent = new FlushExtent(log::logEndOffset);
        PromiseJournal.Key promise = log.isFsync() ? log.journalKey() : null;
        latest = extent;
        latestPromises = promise != null;
        inFlight++;
        again = false;
        boolean flushDirectory = directoryDirty;
        directoryDirty = false;
        int resetsBefore = resets;
        log.directory()
                .groupCommit()
                .submit(
                        new GroupCommit.Request(
                                promise,
                                extent,
                                tailNow(),
                                files,
                                flushDirectory ? log.path() : null,
                                offset -> loop.execute(() -> onSettled(resetsBefore, offset)),
                                failure -> loop.execute(() -> onDone(extent, failure))));
    }

    /** What is written next overwrites what a failed write may have left on the device. */
    void onCutBack() {
        if (tail != null) {
            tail.onCutBack(); // a request that waits has it
            tail = null;
        }
    }

    private SegmentTail tailNow() {
        SegmentTail known = tail;
        if (known == null || !known.isOf(log.activeSegment())) {
            known = new SegmentTail(log.activeSegment());
            tail = known;
        }
        return known;
    }

    /** The files have what only the journal had, unless the log was cut or loaded since. */
    private void onSettled(int resetsBefore, long offset) {
        if (resets == resetsBefore && offset > deviceOffset) {
            deviceOffset = offset;
            durableOffset = Math.max(durableOffset, offset); // it may be heard before its round
            log.upkeep().publish();
        }
    }

    private void onDone(FlushExtent extent, @Nullable IOException failure) {
        inFlight--;
        if (failure == null) {
            durableOffset = Math.max(durableOffset, extent.offset());
            if (!extent.isJournaled()) {
                deviceOffset = Math.max(deviceOffset, extent.offset());
            }
        } else if (NoSpace.isCauseOf(failure)) {
            unpromised = true;
            log.upkeep().place().ask();
        }
        if (latest == extent) {
            latest = null;
        }
        List<Runnable> idle = inFlight == 0 ? List.copyOf(whenIdle) : List.of();
        whenIdle.removeAll(idle);
        idle.forEach(Runnable::run);
        if (failure == null && !log.isClosed()) {
            log.onFlushed();
            if (again && idle.isEmpty()) {
                request();
            }
        }
    }

    /** Whether a promise is to be asked for again. */
    boolean foundNoSpace() {
        return unpromised;
    }

    /** Asks again for a promise that found no space in the journal; the rest is flushed. */
    void retry() {
        if (unpromised) {
            unpromised = false;
            request();
        }
    }

    /** Runs the action once no request is in flight. */
    void whenIdle(Runnable action) {
        if (inFlight > 0) {
            whenIdle.add(action);
        } else {
            action.run();
        }
    }

    /** The log was cut, or loaded anew, or closed: its files have everything below. */
    void reset(long offset) {
        releaseClosed();
        resets++;
        tail = null;
        deviceOffset = offset;
        durableOffset = offset;
        unpromised = false;
    }

    /** The log is cut: what was asked for meanwhile may go on its way. */
    void resume() {
        if (again) {
            request();
        }
    }

    /**
     * Flushes files of closed segments on the calling I/O thread, while no request is in flight.
     */
    void flushClosed() throws IOException {
        for (LogFile file : List.copyOf(dirtyClosed)) {
            file.flush();
        }
    }

    /** The files of closed segments that no request has. */
    List<LogFile> unflushedClosed() {
        return List.copyOf(dirtyClosed);
    }

    /** Lets go of files that will not be flushed. */
    void releaseClosed() {
        dirtyClosed.forEach(LogFile::release);
        dirtyClosed.clear();
    }
}
