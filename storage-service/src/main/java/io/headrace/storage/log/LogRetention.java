package io.headrace.storage.log;

import io.headrace.storage.file.Directories;
import io.headrace.storage.segment.Segment;
import io.headrace.storage.segment.SegmentFiles;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which segments of a log are past their time, its size or its start, and their removal: first
 * renamed, later unlinked. Never beyond the high watermark.
 */
final class LogRetention {
    private static final List<String> KINDS =
            List.of(
                    SegmentFiles.LOG,
                    SegmentFiles.OFFSET_INDEX,
                    SegmentFiles.TIME_INDEX,
                    SegmentFiles.TRANSACTION_INDEX,
                    SegmentFiles.PRODUCER_SNAPSHOT);

    private LogRetention() {}

    /** Checks one log; on its owner loop. */
    static void run(PartitionLog log, long nowMs) {
        if (log.isClosed() || log.isOffline()) {
            return;
        }
        Segment[] segments = log.segments().all();
        long sizeInBytes = log.sizeInBytes();
        LogConfig config = log.config();
        long activeMaxTimestampMs = log.activeSegment().maxTimestampMs();
        boolean activeIsEmpty = log.activeSegment().sizeInBytes() == 0;
        var checked =
                log.upkeep()
                        .tasks()
                        .onIo(
                                () ->
                                        expired(
                                                segments,
                                                config,
                                                sizeInBytes,
                                                activeIsEmpty
                                                        ? Long.MAX_VALUE
                                                        : activeMaxTimestampMs,
                                                log.logStartOffset(),
                                                log.highWatermark(),
                                                nowMs))
                        .thenAccept(count -> delete(log, segments, count, nowMs));
        log.upkeep().tasks().watch(checked);
    }

    /** How many of the oldest segments may go; counts the active one if it is wholly expired. */
    private static int expired(
            Segment[] segments,
            LogConfig config,
            long sizeInBytes,
            long activeMaxTimestampMs,
            long logStartOffset,
            long highWatermark,
            long nowMs)
            throws IOException {
        long excess =
                config.retentionBytes() < 0 || !config.delete()
                        ? 0
                        : sizeInBytes - config.retentionBytes();
        int count = 0;
        for (int i = 0; i < segments.length; i++) {
            Segment segment = segments[i];
            boolean isActive = i == segments.length - 1;
            if (isActive) {
                boolean isOld =
                        config.delete()
                                && config.retentionMs() >= 0
                                && activeMaxTimestampMs != Long.MAX_VALUE
                                && nowMs - activeMaxTimestampMs > config.retentionMs();
                return isOld ? count + 1 : count;
            }
            long endOffset = segments[i + 1].baseOffset();
            if (endOffset > highWatermark) {
                return count;
            }
            boolean isBelowStart = endOffset <= logStartOffset;
            boolean isOld =
                    config.delete()
                            && config.retentionMs() >= 0
                            && nowMs - segment.loadMaxTimestampMs() > config.retentionMs();
            boolean isTooMuch = excess > 0 && excess - segment.sizeInBytes() >= 0;
            if (!isBelowStart && !isOld && !isTooMuch) {
                return count;
            }
            excess -= segment.sizeInBytes();
            count++;
        }
        return count;
    }

    private static void delete(PartitionLog log, Segment[] seen, int count, long nowMs) {
        boolean changed =
                log.isClosed()
                        || log.isReplacingSegments()
                        || log.segments().all().length < count
                        || count == 0
                        || !Arrays.equals(log.segments().all(), 0, count, seen, 0, count);
        if (changed) {
            return;
        }
        if (count == log.segments().all().length) {
            boolean activeMayGo =
                    log.highWatermark() == log.logEndOffset()
                            && log.activeSegment().sizeInBytes() == seen[count - 1].sizeInBytes();
            if (!activeMayGo) {
                remove(log, count - 1, nowMs);
                return;
            }
            try {
                log.segments().roll(nowMs);
            } catch (IOException e) {
                log.directory().onWriteFailed(e); // if only full, at the next check
                return;
            }
        }
        remove(log, count, nowMs);
    }

    private static void remove(PartitionLog log, int count, long nowMs) {
        if (count == 0) {
            return;
        }
        List<Segment> removed = log.segments().removeOldest(count);
        long firstLeft = log.segments().all()[0].baseOffset();
        if (firstLeft > log.logStartOffset()) {
            log.setLogStartOffset(firstLeft);
            if (log.epochs().truncateFromStart(firstLeft)) {
                log.upkeep().tasks().watch(log.upkeep().writeEpochs());
            }
        }
        log.upkeep().publish();
        setAside(log, removed, new ArrayList<>(), nowMs + log.config().fileDeleteDelayMs());
    }

    private static void setAside(
            PartitionLog log, List<Segment> removed, List<Path> renamed, long dueMs) {
        LogDirectory directory = log.directory();
        var renaming =
                log.upkeep()
                        .tasks()
                        .serially(
                                () -> {
                                    for (Segment segment : removed) {
                                        rename(segment, renamed);
                                    }
                                    directory.removeLater(new LogDirectory.Removal(dueMs, renamed));
                                    return renamed.size();
                                })
                        .whenComplete(
                                (done, failure) -> {
                                    if (failure != null && DiskFullException.isCauseOf(failure)) {
                                        Runnable again =
                                                () -> setAside(log, removed, renamed, dueMs);
                                        directory.retryLater(() -> log.loop().execute(again));
                                    }
                                });
        log.upkeep().tasks().watch(renaming);
    }

    private static void rename(Segment segment, List<Path> renamed) throws IOException {
        for (String kind : KINDS) {
            Path path = segment.path(kind);
            if (Files.exists(path)) {
                Path deleted = path.resolveSibling(path.getFileName() + SegmentFiles.DELETED);
                Directories.rename(path, deleted);
                renamed.add(deleted);
            }
        }
    }
}
