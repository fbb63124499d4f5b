package io.headrace.storage.log;

import io.headrace.storage.file.Directories;
import io.headrace.storage.segment.Segment;
import io.headrace.storage.segment.SegmentFiles;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;

/**
 * The closed segments of one log whose index files, and producer snapshot, are not known to be
 * written: while one is among them, no restart may trust the files below a later segment. Confined
 * to the owner loop.
 */
final class UnwrittenSegments {
    private final PartitionLog log;
    private final Written written;
    private final ArrayDeque<Rolled> segments = new ArrayDeque<>(0);
    private boolean foundNoSpace;

    /** A closed segment, and the producers' state at its end, or null if that is not wanted. */
    private static final class Rolled {
        final Segment closed;
        final long endOffset;
        final byte @Nullable [] snapshot;
        final Path file;
        final long changes;

        Rolled(
                Segment closed,
                long endOffset,
                byte @Nullable [] snapshot,
                Path file,
                long changes) {
            this.closed = closed;
            this.endOffset = endOffset;
            this.snapshot = snapshot;
            this.file = file;
            this.changes = changes;
        }
    }

    /** Hears of snapshots that are written. */
    @FunctionalInterface
    interface Written {
        void onSnapshot(long offset, long changes);
    }

    UnwrittenSegments(PartitionLog log, Written written) {
        this.log = log;
        this.written = written;
    }

    /** A segment was closed: its indexes and the producers' state at its end go to disk. */
    void onRolled(Segment closed) {
        write(
                new Rolled(
                        closed,
                        log.logEndOffset(),
                        log.producerStates().toSnapshot(),
                        log.activeSegment().path(SegmentFiles.PRODUCER_SNAPSHOT),
                        log.producerStates().changes()));
    }

    /**
     * Takes the place of all: closed segments that loading had no space to write the indexes of.
     */
    void onLoaded(List<Segment> closed) {
        segments.clear();
        foundNoSpace = !closed.isEmpty();
        for (Segment each : closed) {
            segments.add(new Rolled(each, -1, null, each.path(SegmentFiles.OFFSET_INDEX), -1));
        }
    }

    /** Whether something is to be done again when there is room. */
    boolean foundNoSpace() {
        return foundNoSpace;
    }

    /** Does again what found no space. */
    void retry() {
        if (!foundNoSpace) {
            return;
        }
        foundNoSpace = false;
        for (int left = segments.size(); left > 0; left--) {
            Rolled rolled = segments.removeFirst();
            // Else retention took it, or compaction.
            if (Arrays.asList(log.segments().all()).contains(rolled.closed)) {
                write(rolled);
            }
        }
    }

    /** Whether a restart may trust the index files of all segments below that one. */
    boolean isNoneBelow(long segmentBaseOffset) {
        for (Rolled rolled : segments) {
            if (rolled.closed.baseOffset() < segmentBaseOffset) {
                return false;
            }
        }
        return true;
    }

    /** Whether index files below that offset are not there, for want of space. */
    boolean foundNoSpaceBelow(long offset) {
        return foundNoSpace && !isNoneBelow(offset);
    }

    private void write(Rolled rolled) {
        segments.addLast(rolled);
        Segment.IndexTails tails = rolled.closed.tails();
        var writing =
                log.upkeep()
                        .tasks()
                        .serially(() -> write(rolled, tails))
                        .whenComplete(
                                (done, failure) -> {
                                    if (failure == null) {
                                        onWritten(rolled, tails);
                                    } else {
                                        foundNoSpace |= DiskFullException.isCauseOf(failure);
                                        log.upkeep().place().ask();
                                    }
                                });
        log.upkeep().tasks().watch(writing);
    }

    private static boolean write(Rolled rolled, Segment.IndexTails tails) throws IOException {
        if (rolled.closed.isReplaced()) {
            return false; // its names are another's
        }
        tails.write(true);
        byte[] snapshot = rolled.snapshot;
        if (snapshot != null) {
            Directories.replace(rolled.file, snapshot);
        }
        return true;
    }

    private void onWritten(Rolled rolled, Segment.IndexTails tails) {
        tails.forget(); // closed ones are searched in their files
        segments.remove(rolled);
        if (rolled.snapshot != null) {
            written.onSnapshot(rolled.endOffset, rolled.changes);
        }
    }
}
