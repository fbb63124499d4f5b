package io.headrace.storage.log;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.ControlMarker;
import io.headrace.protocol.batch.RecordReader;
import io.headrace.protocol.batch.StoredRecord;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;

/** A store on one thread: direct executors, a clock set by hand, group commit run by hand. */
final class LogFixture {
    static final Uuid TOPIC_ID = new Uuid(7, 11);
    static final TopicIdPartition ID =
            new TopicIdPartition(TOPIC_ID, new TopicPartition("orders", 0));

    /** The smallest segments there are, and files that go when they are told to. */
    static final Map<String, String> SMALL_SEGMENTS =
            Map.of("segment.bytes", "1048576", "file.delete.delay.ms", "0");

    static final long CHECKPOINT_BYTES = 256 << 10;
    static final int JOURNAL_BYTES = 64 << 10;

    private final List<Path> directories;
    private final Path directory;
    private final Map<String, String> configs;
    private LogStore store;
    private final int journalBytes;

    /** Whether what went to the journal is in the logs' files, too, after a commit. */
    boolean settlesAtCommit = true;

    long nowMs = 1_700_000_000_000L;

    /** Where what blocks runs from now on. */
    Executor io = Runnable::run;

    /** How many bytes the last start had to read. */
    long readAtStart;

    String bootId;

    LogFixture(Path directory, Map<String, String> configs) throws IOException {
        this(directory, configs, "boot-1");
    }

    LogFixture(Path directory, Map<String, String> configs, String bootId) throws IOException {
        this(List.of(directory), configs, bootId);
    }

    LogFixture(List<Path> directories, Map<String, String> configs, String bootId)
            throws IOException {
        this(directories, configs, bootId, JOURNAL_BYTES);
    }

    LogFixture(List<Path> directories, Map<String, String> configs, String bootId, int journalBytes)
            throws IOException {
        this.journalBytes = journalBytes;
        this.bootId = bootId;
        this.directories = directories;
        this.directory = directories.getFirst();
        this.configs = configs;
        this.store = openStore(directories);
    }

    private LogStore openStore(List<Path> dataDirectories) throws IOException {
        LogStoreProperties properties =
                new LogStoreProperties(
                        dataDirectories,
                        "cluster-a",
                        1,
                        1,
                        8,
                        64 << 20,
                        1000,
                        Duration.ofDays(1),
                        1,
                        journalBytes,
                        Duration.ofSeconds(5),
                        CHECKPOINT_BYTES,
                        Duration.ofMinutes(5));
        LogRuntime runtime =
                new LogRuntime(
                        task -> io.execute(task),
                        id -> Runnable::run,
                        () -> nowMs,
                        new SplittableRandom(1),
                        () -> bootId);
        return LogStore.open(
                properties,
                runtime,
                topic -> LogConfig.of(configs),
                (done, total, read) -> readAtStart = read,
                false);
    }

    LogStore store() {
        return store;
    }

    Path logPath() {
        return directory.resolve("orders-0");
    }

    PartitionLog log() {
        return log(ID);
    }

    PartitionLog log(TopicIdPartition id) {
        return store.openOrCreate(id, LogConfig.of(configs)).join();
    }

    /** Flushes what was asked for; answers whether anything was. */
    boolean commit() {
        boolean any = false;
        for (LogDirectory each : store.directories()) {
            while (each.groupCommit().commitOnce()) {
                any = true;
            }
        }
        if (settlesAtCommit) {
            settle();
        }
        return any;
    }

    /** Brings everything from the journals into the logs' files. */
    void settle() {
        store.directories().forEach(LogDirectory::settleAll);
    }

    /** Does what the journals' threads would do by themselves. */
    void settleSealed() {
        for (LogDirectory each : store.directories()) {
            try {
                each.roundJournal().settleSealed();
            } catch (IOException e) {
                each.onWriteFailed(e);
            }
        }
    }

    /** Stops cleanly and starts again. */
    PartitionLog restart() throws IOException {
        store.close();
        store = openStore(directories);
        return log();
    }

    /**
     * Starts again without having stopped, as after a kill -9; the directory may be a copy. The old
     * store's lock must be gone, so its files are let go of.
     */
    PartitionLog reopenAfterKill(Path at) throws IOException {
        letGo();
        store = openStore(List.of(at));
        return log();
    }

    /** Lets go of locks and files without writing anything. */
    void letGo() throws IOException {
        for (LogDirectory each : store.directories()) {
            each.close();
        }
    }

    AppendResult append(PartitionLog log, int records, int valueBytes) {
        return log.append(batch(records, valueBytes, nowMs), 0, AppendOrigin.CLIENT, nowMs);
    }

    static ByteBuffer batch(int records, int valueBytes, long timestampMs) {
        BatchBuilder builder = BatchBuilder.growing();
        fill(builder, records, valueBytes, timestampMs);
        return builder.build();
    }

    static ByteBuffer batch(
            long producerId, int producerEpoch, int sequence, boolean transactional, int records) {
        BatchBuilder builder =
                BatchBuilder.growing()
                        .producer(producerId, (short) producerEpoch, sequence, transactional);
        fill(builder, records, 8, 1_700_000_000_000L);
        return builder.build();
    }

    static ByteBuffer marker(
            ControlMarker.Type type, long producerId, int producerEpoch, int coordinatorEpoch) {
        return BatchBuilder.endOfTransaction(
                new ControlMarker(type, coordinatorEpoch),
                producerId,
                (short) producerEpoch,
                1_700_000_000_000L);
    }

    private static void fill(BatchBuilder builder, int records, int valueBytes, long timestampMs) {
        for (int i = 0; i < records; i++) {
            byte[] value = new byte[valueBytes];
            Arrays.fill(value, (byte) ('a' + i % 26));
            builder.append(
                    timestampMs + i, ("k" + i).getBytes(StandardCharsets.UTF_8), value, List.of());
        }
    }

    /** The bytes of one read, whichever way it must be done. */
    static ByteBuffer readBytes(PartitionLog log, long offset, int maxBytes) throws IOException {
        return readBytes(log, offset, maxBytes, log.logEndOffset());
    }

    static ByteBuffer readBytes(PartitionLog log, long offset, int maxBytes, long bound)
            throws IOException {
        return switch (log.read(offset, maxBytes, true, bound)) {
            case LogSlice.Empty() -> ByteBuffer.allocate(0);
            case LogSlice.Warm warm -> {
                try {
                    ByteBuffer bytes = ByteBuffer.allocate(warm.sizeInBytes());
                    warm.file().readFully(bytes, warm.position());
                    yield bytes.flip();
                } finally {
                    warm.release();
                }
            }
            case LogSlice.Cold cold -> {
                ByteBuffer bytes = cold.load(ByteBuffer::allocate);
                requireSame(bytes, cold.verify());
                yield bytes;
            }
        };
    }

    /** What may be sent is what a read into memory finds. */
    private static void requireSame(ByteBuffer loaded, LogSlice.@Nullable Checked verified)
            throws IOException {
        ByteBuffer sent = verified == null ? ByteBuffer.allocate(0) : bytesOf(verified);
        if (!sent.equals(loaded)) {
            throw new IllegalStateException("Verified " + sent + ", loaded " + loaded);
        }
    }

    /** What would be sent; releases it. */
    static ByteBuffer bytesOf(LogSlice.Checked verified) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(verified.sizeInBytes());
        switch (verified) {
            case LogSlice.Warm warm -> warm.file().readFully(bytes, warm.position());
            case LogSlice.Loaded loaded -> bytes.put(loaded.bytes().duplicate());
        }
        verified.release();
        return bytes.flip();
    }

    /** Reads the whole log as a consumer would: the offsets of all records. */
    static List<Long> readOffsets(PartitionLog log) throws IOException {
        List<Long> offsets = new ArrayList<>();
        long next = log.logStartOffset();
        while (next < log.logEndOffset()) {
            ByteBuffer bytes = readBytes(log, next, 64 << 10);
            BatchSet batches = BatchSet.of(bytes);
            long before = next;
            while (batches.next()) {
                if (!BatchView.isCrcValid(bytes, batches.index())) {
                    throw new IllegalStateException("Bad CRC at offset " + next);
                }
                try (RecordReader records = RecordReader.open(bytes, batches.index(), 1 << 20)) {
                    while (records.hasNext()) {
                        StoredRecord record = records.next();
                        if (record.offset() >= next) {
                            offsets.add(record.offset());
                        }
                    }
                }
                next = BatchView.nextOffset(bytes, batches.index());
            }
            if (next == before) {
                throw new IllegalStateException("No progress at offset " + next);
            }
        }
        return offsets;
    }
}
