package io.headrace.storage.recovery;

import io.headrace.protocol.batch.BatchView;
import io.headrace.storage.epoch.LeaderEpochs;
import io.headrace.storage.file.Directories;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.file.NoSpace;
import io.headrace.storage.file.TextCheckpoint;
import io.headrace.storage.producer.ProducerStates;
import io.headrace.storage.segment.AbortedTransactionEntry;
import io.headrace.storage.segment.BatchHeaders;
import io.headrace.storage.segment.BatchPosition;
import io.headrace.storage.segment.Segment;
import io.headrace.storage.segment.SegmentFiles;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Loads one log: trusts what may be trusted, reads and checks the rest, cuts a torn tail, rebuilds
 * indexes and producer state. Blocks; used once, by one thread.
 *
 * <pre>
 *   verified point known   its segment from that position on, and every later segment
 *   not known              from the newest segment start at or below the recovery point that
 *                          has a producer snapshot
 *
 *   bad batch at or above the promised offset   cut there; later segments leave
 *   bad batch below the promised offset         kept; readers are told it is corrupt; log unclean
 *   log ends below the promised offset          goes on at the promised offset; gap; log unclean
 * </pre>
 */
public final class LogLoader {
    /** The file of leader epochs in a log's directory. */
    public static final String EPOCH_FILE = "leader-epoch-checkpoint";

    /** The file of lost ranges in a log's directory. */
    public static final String LOST_RANGES_FILE = "lost-ranges";

    private final LoadRequest request;
    private final ProducerStates producers;
    private final List<LostRange> lostRanges = new ArrayList<>();
    private final List<Segment> segments = new ArrayList<>();
    private final List<Segment> unwritten = new ArrayList<>(0);
    private LeaderEpochs epochs = new LeaderEpochs();
    private long nextOffset;
    private long replayFromOffset;
    private long scannedBytes;
    private boolean epochsOutdated;
    private boolean startsVerified;
    private boolean hasHoles;
    private @Nullable String uncleanReason;
    private long uncleanFromOffset = -1;

    private LogLoader(LoadRequest request) {
        this.request = request;
        this.producers = new ProducerStates(request.producerIds(), request.name());
    }

    /** Loads the log, with a file open for its active segment. */
    public static LoadedLog load(LoadRequest request) throws IOException {
        LogLoader loader = new LogLoader(request);
        try {
            return loader.load();
        } catch (IOException e) {
            loader.producers.clear();
            throw e;
        }
    }

    private LoadedLog load() throws IOException {
        LogDirectoryFiles files = LogDirectoryFiles.tidy(request.directory());
        hasHoles = files.has(OffsetHoles.FILE);
        loadEpochs(files);
        loadLostRanges(files);
        List<LostRange> lostBefore = List.copyOf(lostRanges);
        Start start = chooseStart(files);
        replayFromOffset = start.replayFromOffset();
        for (Map.Entry<Long, Long> file : files.segments().entrySet()) {
            if (file.getKey() < start.segmentBaseOffset()) {
                segments.add(trusted(files, file.getKey(), file.getValue(), Long.MAX_VALUE));
                nextOffset = file.getKey();
            }
        }
        nextOffset = Math.max(nextOffset, start.offset());
        replayBefore(files, start);
        scanAll(files, start);
        endAtPromise();
        startAtLogStart();
        files.deleteSnapshotsAbove(nextOffset);
        epochsOutdated |= epochs.truncateFromEnd(nextOffset + 1);
        Segment active = segments.getLast();
        LogFile file = LogFile.open(active.path(SegmentFiles.LOG));
        readFirstTimestamp(active, file);
        lostRanges.removeIf(range -> range.baseOffset() >= nextOffset); // the log was cut there
        if (!lostRanges.equals(lostBefore)) {
            saveLostRanges();
        }
        return new LoadedLog(
                List.copyOf(segments),
                file,
                epochs,
                producers,
                Math.max(request.logStartOffset(), segments.getFirst().baseOffset()),
                nextOffset,
                files.newestSnapshotAtOrBelow(nextOffset),
                startsVerified ? request.verified() : null,
                List.copyOf(lostRanges),
                uncleanReason,
                uncleanFromOffset,
                scannedBytes,
                List.copyOf(unwritten),
                !saveEpochs(),
                hasHoles);
    }

    private record Start(
            long offset, long segmentBaseOffset, long position, long replayFromOffset) {}

    private Start chooseStart(LogDirectoryFiles files) throws IOException {
        VerifiedPoint verified = request.verified();
        if (verified != null && isUsable(verified, files)) {
            startsVerified = true;
            return new Start(
                    verified.offset(),
                    verified.segmentBaseOffset(),
                    verified.position(),
                    verified.replayFromOffset());
        }
        producers.clear();
        long snapshotOffset = -1;
        for (long candidate : files.snapshotsDescendingFrom(request.recoveryPoint())) {
            // Only one at a segment's start: the segment's aborted transactions are then all found
            // anew, without its transaction index, which may be lost.
            if (files.segments().containsKey(candidate) && loadSnapshot(files, candidate)) {
                snapshotOffset = candidate;
                break;
            }
        }
        if (snapshotOffset < 0) {
            long first = files.segments().isEmpty() ? 0 : files.segments().firstKey();
            return new Start(first, first, 0, 0);
        }
        Long base = files.segments().floorKey(snapshotOffset);
        if (base == null) {
            base = files.segments().isEmpty() ? snapshotOffset : files.segments().firstKey();
        }
        return new Start(base, base, 0, snapshotOffset);
    }

    private boolean isUsable(VerifiedPoint verified, LogDirectoryFiles files) throws IOException {
        Long size = files.segments().get(verified.segmentBaseOffset());
        if (size == null || size < verified.position()) {
            return false;
        }
        return verified.snapshotOffset() < 0 || loadSnapshot(files, verified.snapshotOffset());
    }

    private boolean loadSnapshot(LogDirectoryFiles files, long offset) throws IOException {
        byte[] content = files.readSnapshot(offset);
        return content != null && producers.load(content);
    }

    /** A segment whose index files are taken as they are, up to an offset. */
    private Segment trusted(
            LogDirectoryFiles files, long baseOffset, long sizeInBytes, long belowOffset)
            throws IOException {
        return TrustedIndexes.open(
                request.directory(), files, baseOffset, sizeInBytes, belowOffset);
    }

    /** Applies batches between the snapshot and the start of the scan to the producers' state. */
    private void replayBefore(LogDirectoryFiles files, Start start) throws IOException {
        if (replayFromOffset >= start.offset()) {
            return;
        }
        for (Segment segment : segmentsForReplay(files, start)) {
            boolean isStart = segment.baseOffset() == start.segmentBaseOffset();
            long end = isStart ? start.position() : segment.sizeInBytes();
            try (BatchScan scan = new BatchScan(segment.path(SegmentFiles.LOG), 0, end)) {
                while (scan.next()) {
                    applyToProducers(null, scan.buffer(), scan.index());
                }
            }
        }
    }

    private List<Segment> segmentsForReplay(LogDirectoryFiles files, Start start)
            throws IOException {
        List<Segment> chosen = new ArrayList<>();
        for (int i = 0; i < segments.size(); i++) {
            boolean reaches =
                    i + 1 == segments.size() || segments.get(i + 1).baseOffset() > replayFromOffset;
            if (reaches) {
                chosen.add(segments.get(i));
            }
        }
        if (start.position() > 0) {
            chosen.add(trusted(files, start.segmentBaseOffset(), start.position(), start.offset()));
        }
        return chosen;
    }

    private void scanAll(LogDirectoryFiles files, Start start) throws IOException {
        boolean cut = false;
        for (Map.Entry<Long, Long> file :
                files.segments().tailMap(start.segmentBaseOffset(), true).entrySet()) {
            long baseOffset = file.getKey();
            if (cut) {
                files.deleteSegment(baseOffset);
                continue;
            }
            if (baseOffset > nextOffset && !isFirst() && isLossBefore(baseOffset)) {
                cut = true;
                files.deleteSegment(baseOffset);
                continue;
            }
            nextOffset = Math.max(nextOffset, baseOffset);
            boolean isStart = baseOffset == start.segmentBaseOffset() && start.position() > 0;
            Segment segment =
                    isStart
                            ? trusted(files, baseOffset, start.position(), start.offset())
                            : Segment.empty(request.directory(), baseOffset);
            if (start.position() == 0 || !isStart) {
                files.deleteIndexes(baseOffset);
            }
            segments.add(segment);
            Long next = files.segments().higherKey(baseOffset);
            cut = scan(segment, file.getValue(), recordsAfter(files, baseOffset));
            boolean isLast = next == null || cut;
            if (!isLast) {
                segment.addTimeEntry();
                writeIndexes(segment);
            }
        }
        if (cut) {
            // Else a power loss brings deleted segments back, among those that are written next.
            Directories.flush(request.directory());
        }
    }

    private Iterable<Path> recordsAfter(LogDirectoryFiles files, long baseOffset) {
        return () ->
                files.segments().tailMap(baseOffset, false).keySet().stream()
                        .map(base -> SegmentFiles.path(request.directory(), base, SegmentFiles.LOG))
                        .iterator();
    }

    /** On a full disk they stay in memory, until there is room. */
    private void writeIndexes(Segment segment) throws IOException {
        Segment.IndexTails tails = segment.tails();
        try {
            tails.write(true);
            tails.forget();
        } catch (IOException e) {
            if (!NoSpace.isCauseOf(e)) {
                throw e;
            }
            unwritten.add(segment);
        }
    }

    /**
     * Whether the offsets missing before a segment were lost with the machine, so that it does not
     * count. Compaction leaves holes too, but not in what was never flushed.
     */
    private boolean isLossBefore(long segmentBaseOffset) {
        if (nextOffset < request.promisedOffset()) {
            noteUnclean("its segment " + segmentBaseOffset + " does not continue the one before");
            lostRanges.add(new LostRange(nextOffset, segmentBaseOffset));
            return false;
        }
        return !startsVerified && nextOffset >= request.recoveryPoint();
    }

    private boolean isFirst() {
        return segments.isEmpty();
    }

    /** Reads the rest of a segment; answers whether the log was cut in it. */
    private boolean scan(Segment segment, long fileSize, Iterable<Path> laterSegments)
            throws IOException {
        long position = segment.sizeInBytes();
        if (position == fileSize) {
            return false;
        }
        try (BatchScan scan = new BatchScan(segment.path(SegmentFiles.LOG), position, fileSize)) {
            while (true) {
                boolean good =
                        scan.next()
                                && scan.isValid()
                                && continuesAt(scan)
                                && (nextOffset >= request.promisedOffset()
                                        || !EpochEvidence.denies(scan, epochs, laterSegments));
                if (good) {
                    apply(segment, scan);
                    scannedBytes += scan.sizeInBytes();
                } else if (scan.position() >= fileSize) {
                    return false;
                } else if (nextOffset < request.promisedOffset()) {
                    if (!stepOverDamaged(segment, scan)) {
                        return false;
                    }
                } else {
                    scan.truncateHere();
                    return true;
                }
            }
        }
    }

    /**
     * Whether the batch's offsets continue the log. The CRC does not cover the base offset, so a
     * hole is believed only where some were noted, and only if the next batch confirms it.
     */
    private boolean continuesAt(BatchScan scan) throws IOException {
        long baseOffset = BatchView.baseOffset(scan.buffer(), scan.index());
        int delta = BatchView.lastOffsetDelta(scan.buffer(), scan.index());
        if (baseOffset < nextOffset || delta < 0) {
            return false;
        }
        if (baseOffset == nextOffset || !hasHoles) {
            return baseOffset == nextOffset;
        }
        BatchPosition following = scan.headerAt(scan.position() + scan.sizeInBytes());
        return following == null || following.baseOffset() > baseOffset + delta;
    }

    /**
     * Keeps a damaged batch below the promised offset, if its header still tells where the next one
     * begins; else everything from here up to the next segment, or the promise, is lost.
     */
    private boolean stepOverDamaged(Segment segment, BatchScan scan) throws IOException {
        noteUnclean("bytes from " + scan.position() + " in " + segment + " are damaged");
        BatchPosition damaged = scan.headerHere();
        if (damaged == null
                || damaged.baseOffset() != nextOffset
                || damaged.lastOffset() >= request.promisedOffset()) {
            return false;
        }
        BatchPosition following = scan.headerAt(damaged.nextPosition());
        boolean fits =
                following == null
                        ? damaged.lastOffset() + 1 == request.promisedOffset()
                        : following.baseOffset() == damaged.lastOffset() + 1;
        if (!fits) {
            return false;
        }
        segment.onAppended(
                damaged.sizeInBytes(),
                damaged.lastOffset(),
                segment.maxTimestampMs(),
                request.indexIntervalBytes());
        lostRanges.add(new LostRange(damaged.baseOffset(), damaged.lastOffset() + 1));
        nextOffset = damaged.lastOffset() + 1;
        scan.skipTo(damaged.nextPosition());
        return true;
    }

    private void apply(Segment segment, BatchScan scan) {
        ByteBuffer buffer = scan.buffer();
        int index = scan.index();
        long lastOffset = BatchView.lastOffset(buffer, index);
        int leaderEpoch = BatchView.leaderEpoch(buffer, index);
        long baseOffset = BatchView.baseOffset(buffer, index);
        boolean beginsEpoch = epochs.epochAt(baseOffset) > epochs.epochAt(baseOffset - 1);
        if (beginsEpoch && leaderEpoch < epochs.epochAt(baseOffset)) {
            // An epoch that was cut, with its records, whose entry was still in the file.
            epochsOutdated |= epochs.truncateFromEnd(baseOffset);
        }
        if (leaderEpoch > epochs.latest()) {
            // The process died before the file had it. What is good from here on is not read again.
            epochsOutdated |= epochs.assign(leaderEpoch, baseOffset);
        }
        segment.onAppended(
                scan.sizeInBytes(),
                lastOffset,
                BatchView.maxTimestampMs(buffer, index),
                request.indexIntervalBytes());
        applyToProducers(segment, buffer, index);
        nextOffset = lastOffset + 1;
    }

    private void applyToProducers(@Nullable Segment segment, ByteBuffer buffer, int index) {
        if (!BatchView.hasProducerId(buffer, index)) {
            return;
        }
        boolean isReplay = BatchView.baseOffset(buffer, index) >= replayFromOffset;
        if (!isReplay) {
            return;
        }
        AbortedTransactionEntry aborted = producers.apply(buffer, index, request.nowMs());
        if (aborted != null && segment != null) {
            segment.addAborted(aborted);
        }
    }

    private void endAtPromise() throws IOException {
        long promised = request.promisedOffset();
        if (nextOffset < promised) {
            noteUnclean("it ends at offset " + nextOffset + ", but " + promised + " was promised");
            lostRanges.add(new LostRange(nextOffset, promised));
            nextOffset = promised;
            createSegment(promised);
        } else if (segments.isEmpty()) {
            createSegment(Math.max(nextOffset, request.logStartOffset()));
            nextOffset = segments.getLast().baseOffset();
        }
    }

    private void startAtLogStart() throws IOException {
        if (request.logStartOffset() > nextOffset) {
            nextOffset = request.logStartOffset();
            createSegment(nextOffset);
        }
    }

    private void createSegment(long baseOffset) throws IOException {
        Segment segment = Segment.empty(request.directory(), baseOffset);
        LogFile.create(segment.path(SegmentFiles.LOG)).release();
        Directories.flush(request.directory());
        segments.add(segment);
    }

    private void noteUnclean(String reason) {
        if (uncleanReason == null) {
            uncleanReason = "Log " + request.name() + ": " + reason;
            uncleanFromOffset = nextOffset;
        }
    }

    private static void readFirstTimestamp(Segment active, LogFile file) throws IOException {
        if (active.sizeInBytes() > 0 && active.firstTimestampMs() < 0) {
            BatchPosition first = new BatchHeaders(file, active.sizeInBytes()).at(0);
            if (first != null) {
                active.setFirstTimestampMs(first.maxTimestampMs());
            }
        }
    }

    private @Nullable List<String[]> pairs(LogDirectoryFiles files, String name)
            throws IOException {
        return files.has(name)
                ? TextCheckpoint.readIfWhole(request.directory().resolve(name), 2)
                : null;
    }

    private void loadEpochs(LogDirectoryFiles files) throws IOException {
        List<String[]> lines = pairs(files, EPOCH_FILE);
        if (lines != null) {
            epochs = LeaderEpochs.ofFields(lines);
        }
    }

    private void loadLostRanges(LogDirectoryFiles files) throws IOException {
        List<String[]> lines = pairs(files, LOST_RANGES_FILE);
        if (lines != null) {
            for (String[] fields : lines) {
                lostRanges.add(new LostRange(Long.parseLong(fields[0]), Long.parseLong(fields[1])));
            }
        }
    }

    /** Whether the file says what was found. */
    private boolean saveEpochs() throws IOException {
        if (!epochsOutdated) {
            return true;
        }
        try {
            Directories.replace(
                    request.directory().resolve(EPOCH_FILE),
                    TextCheckpoint.encode(epochs.toLines()));
            return true;
        } catch (IOException e) {
            if (!NoSpace.isCauseOf(e)) {
                throw e;
            }
            return false;
        }
    }

    private void saveLostRanges() throws IOException {
        List<String> lines = new ArrayList<>();
        for (LostRange range : lostRanges) {
            lines.add(range.baseOffset() + " " + range.endOffset());
        }
        Directories.replace(
                request.directory().resolve(LOST_RANGES_FILE), TextCheckpoint.encode(lines));
    }
}
