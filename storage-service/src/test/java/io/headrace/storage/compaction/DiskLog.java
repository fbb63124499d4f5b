package io.headrace.storage.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.RecordReader;
import io.headrace.protocol.batch.StoredRecord;
import io.headrace.protocol.batch.read.AbortedTransaction;
import io.headrace.protocol.batch.read.BatchVisibility;
import io.headrace.storage.file.Directories;
import io.headrace.storage.recovery.SegmentSwap;
import io.headrace.storage.segment.AbortedTransactionEntry;
import io.headrace.storage.segment.SegmentFiles;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** The plainest log that compaction can work on: files in a directory, and nothing else. */
final class DiskLog implements CompactableLog {
    private static final long MAX_BYTES = 16 << 20;
    private static final List<String> KINDS =
            List.of(
                    SegmentFiles.LOG,
                    SegmentFiles.OFFSET_INDEX,
                    SegmentFiles.TIME_INDEX,
                    SegmentFiles.TRANSACTION_INDEX);

    private final Path directory;
    private final CompactionSettings settings;
    private final TreeMap<Long, Long> sizes = new TreeMap<>();
    long activeBaseOffset;
    boolean refuseReplacements;

    /** What to answer instead of looking, unless null. */
    @Nullable LogSummary summaryAsOf;

    DiskLog(Path directory, CompactionSettings settings) {
        this.directory = directory;
        this.settings = settings;
    }

    /** As a start after a crash: finishes swaps, then lists. */
    static DiskLog open(Path directory, CompactionSettings settings, long activeBaseOffset)
            throws IOException {
        DiskLog log = new DiskLog(directory, settings);
        log.activeBaseOffset = activeBaseOffset;
        SegmentSwap.recover(directory);
        log.list();
        return log;
    }

    /** Writes a closed segment as the log would have, durable when this returns. */
    void write(long baseOffset, List<ByteBuffer> batches, List<AbortedTransactionEntry> aborted)
            throws IOException {
        try (CleanedSegmentWriter writer = new CleanedSegmentWriter(directory, baseOffset, 100)) {
            for (ByteBuffer batch : batches) {
                writer.append(batch.duplicate());
            }
            aborted.forEach(writer::addAborted);
            writer.finish();
        }
        for (String kind : KINDS) {
            Directories.rename(
                    SegmentFiles.path(directory, baseOffset, kind + SegmentFiles.CLEANED),
                    SegmentFiles.path(directory, baseOffset, kind));
        }
        Directories.flush(directory);
        list();
    }

    @Override
    public TopicIdPartition id() {
        return new TopicIdPartition(Uuid.ONE_UUID, 0, "topic");
    }

    @Override
    public Path directory() {
        return directory;
    }

    @Override
    public @Nullable CompactionSettings compaction() {
        return settings;
    }

    @Override
    public CompletableFuture<LogSummary> summarize() {
        if (summaryAsOf != null) {
            return CompletableFuture.completedFuture(summaryAsOf);
        }
        try {
            return CompletableFuture.completedFuture(
                    new LogSummary(
                            summaries(),
                            0,
                            activeBaseOffset,
                            activeBaseOffset,
                            aborted(),
                            producers()));
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public boolean beginRewrite() {
        return true;
    }

    @Override
    public void endRewrite() {}

    @Override
    public CompletableFuture<Boolean> replace(
            List<SegmentSummary> segments, CleanedSegment cleaned) {
        if (refuseReplacements) {
            return CompletableFuture.completedFuture(false);
        }
        try {
            SegmentSwap.commit(directory, cleaned.baseOffset());
            SegmentSwap.finish(directory, cleaned.baseOffset(), cleaned.nextOffset());
            list();
            assertThat(sizes.get(cleaned.baseOffset())).isEqualTo(cleaned.sizeInBytes());
            return CompletableFuture.completedFuture(true);
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    List<SegmentSummary> summaries() throws IOException {
        List<SegmentSummary> summaries = new ArrayList<>();
        for (long base : sizes.keySet()) {
            Long next = sizes.higherKey(base);
            long maxTimestamp = -1;
            for (ByteBuffer batch : batches(base)) {
                maxTimestamp = Math.max(maxTimestamp, BatchView.maxTimestampMs(batch, 0));
            }
            summaries.add(
                    new SegmentSummary(
                            base,
                            next == null ? activeBaseOffset : next,
                            sizes.getOrDefault(base, 0L),
                            maxTimestamp));
        }
        return summaries;
    }

    /** All batches, each with its CRC, order and indexes checked. */
    List<ByteBuffer> batches() throws IOException {
        List<ByteBuffer> all = new ArrayList<>();
        long next = 0;
        for (long base : sizes.keySet()) {
            assertThat(base).isGreaterThanOrEqualTo(next);
            for (ByteBuffer batch : batches(base)) {
                assertThat(BatchView.isCrcValid(batch, 0)).isTrue();
                assertThat(BatchView.baseOffset(batch, 0)).isGreaterThanOrEqualTo(next);
                next = BatchView.nextOffset(batch, 0);
                all.add(batch);
            }
            checkIndexes(base);
        }
        return all;
    }

    /** What a read_committed consumer gets. */
    List<StoredRecord> committed() throws IOException {
        BatchVisibility visibility =
                BatchVisibility.readCommitted(
                        aborted().stream()
                                .map(e -> new AbortedTransaction(e.producerId(), e.firstOffset()))
                                .toList());
        List<StoredRecord> records = new ArrayList<>();
        for (ByteBuffer batch : batches()) {
            if (visibility.isVisible(batch, 0)) {
                records.addAll(read(batch));
            }
        }
        return records;
    }

    static List<StoredRecord> read(ByteBuffer batch) {
        List<StoredRecord> records = new ArrayList<>();
        try (RecordReader reader = RecordReader.open(batch, 0, MAX_BYTES)) {
            reader.forEachRemaining(records::add);
        }
        return records;
    }

    List<AbortedTransactionEntry> aborted() throws IOException {
        List<AbortedTransactionEntry> entries = new ArrayList<>();
        for (long base : sizes.keySet()) {
            ByteBuffer bytes = content(base, SegmentFiles.TRANSACTION_INDEX);
            while (bytes.hasRemaining()) {
                entries.add(AbortedTransactionEntry.read(bytes));
            }
        }
        return entries;
    }

    Map<Long, LastWritten> producers() throws IOException {
        Map<Long, LastWritten> producers = new HashMap<>();
        for (ByteBuffer batch : batches()) {
            if (BatchView.hasProducerId(batch, 0) && !BatchView.isControl(batch, 0)) {
                producers.put(
                        BatchView.producerId(batch, 0),
                        new LastWritten(
                                BatchView.lastOffset(batch, 0), BatchView.producerEpoch(batch, 0)));
            }
        }
        return producers;
    }

    private void list() throws IOException {
        sizes.clear();
        for (Path file : Directories.list(directory)) {
            long base =
                    SegmentFiles.baseOffset(String.valueOf(file.getFileName()), SegmentFiles.LOG);
            if (base >= 0) {
                sizes.put(base, Files.size(file));
            }
        }
    }

    private List<ByteBuffer> batches(long base) throws IOException {
        ByteBuffer bytes = content(base, SegmentFiles.LOG);
        List<ByteBuffer> batches = new ArrayList<>();
        BatchSet set = BatchSet.of(bytes);
        while (set.next()) {
            batches.add(bytes.slice(set.index(), set.sizeInBytes()));
        }
        assertThat(set.endIndex()).isEqualTo(bytes.limit());
        return batches;
    }

    private void checkIndexes(long base) throws IOException {
        ByteBuffer log = content(base, SegmentFiles.LOG);
        ByteBuffer offsets = content(base, SegmentFiles.OFFSET_INDEX);
        while (offsets.hasRemaining()) {
            long lastOffset = base + offsets.getInt();
            int position = offsets.getInt();
            assertThat(BatchView.lastOffset(log, position)).isEqualTo(lastOffset);
        }
        Map<Long, Long> timestamps = new HashMap<>();
        for (ByteBuffer batch : batches(base)) {
            timestamps.put(BatchView.lastOffset(batch, 0), BatchView.maxTimestampMs(batch, 0));
        }
        ByteBuffer times = content(base, SegmentFiles.TIME_INDEX);
        while (times.hasRemaining()) {
            long timestamp = times.getLong();
            assertThat(timestamps.get(base + times.getInt())).isEqualTo(timestamp);
        }
    }

    private ByteBuffer content(long base, String kind) throws IOException {
        return ByteBuffer.wrap(Files.readAllBytes(SegmentFiles.path(directory, base, kind)));
    }
}
