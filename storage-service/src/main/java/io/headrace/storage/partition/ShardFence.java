package io.headrace.storage.partition;

import io.headrace.protocol.batch.BatchDescriptor;
import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.storage.log.LogSlice;
import io.headrace.storage.log.PartitionLog;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * The highest shard epoch that a shard topic's partition has seen.
 *
 * <p>It is nowhere but in the log, so that whoever has the log has the fence: the leader writes the
 * epoch of a shard append into the base sequence of every batch that has no producer id, where the
 * field is unused otherwise. It is read back from the batch headers before the first shard request
 * after the log was opened. Confined to the partition's loop; files are read on I/O threads.
 */
public final class ShardFence {
    private static final int CHUNK_BYTES = 1 << 20;

    private final Loop loop;
    private final Executor io;
    private int shardEpoch = -1;
    private @Nullable CompletableFuture<Void> rebuilt;

    /**
     * @param loop the loop of the partition
     * @param io where the log is read
     */
    public ShardFence(Loop loop, Executor io) {
        this.loop = loop;
        this.io = io;
    }

    /** The highest epoch seen, or -1; valid once {@link #rebuild} completed. */
    public int shardEpoch() {
        return shardEpoch;
    }

    /** An append in the epoch was accepted. */
    public void raiseTo(int epoch) {
        shardEpoch = Math.max(shardEpoch, epoch);
    }

    /** Reads the fence from the log, once; a failed attempt is repeated with the next call. */
    public CompletableFuture<Void> rebuild(PartitionLog log) {
        CompletableFuture<Void> running = rebuilt;
        if (running != null && !running.isCompletedExceptionally()) {
            return running;
        }
        CompletableFuture<Void> done = new CompletableFuture<>();
        rebuilt = done;
        scan(log, log.logStartOffset(), done);
        return done;
    }

    /** Stamps the batches with the shard epoch; they must be whole and checked. */
    public static void stamp(ByteBuffer batches, int shardEpoch) {
        BatchSet set = BatchSet.of(batches);
        while (set.next()) {
            if (!BatchView.hasProducerId(batches, set.index())) {
                batches.putInt(set.index() + BatchDescriptor.BASE_SEQUENCE, shardEpoch);
                BatchView.rewriteCrc(batches, set.index());
            }
        }
    }

    private void scan(PartitionLog log, long offset, CompletableFuture<Void> done) {
        if (offset >= log.logEndOffset()) {
            done.complete(null);
            return;
        }
        LogSlice slice;
        try {
            slice = log.read(offset, CHUNK_BYTES, true, log.logEndOffset());
        } catch (OffsetOutOfRangeException e) {
            scan(log, log.logStartOffset(), done); // retention moved the start meanwhile
            return;
        } catch (RuntimeException e) {
            done.completeExceptionally(e);
            return;
        }
        io.execute(
                () -> {
                    try {
                        Chunk chunk = readChunk(slice);
                        loop.execute(() -> onChunk(log, offset, chunk, done));
                    } catch (IOException | RuntimeException e) {
                        loop.execute(() -> done.completeExceptionally(e));
                    }
                });
    }

    private record Chunk(int shardEpoch, long nextOffset) {}

    private void onChunk(PartitionLog log, long offset, Chunk chunk, CompletableFuture<Void> done) {
        raiseTo(chunk.shardEpoch());
        if (chunk.nextOffset() <= offset) {
            done.completeExceptionally(
                    new CorruptBatchException("No whole batch at offset " + offset));
        } else {
            scan(log, chunk.nextOffset(), done);
        }
    }

    private static Chunk readChunk(LogSlice slice) throws IOException {
        return switch (slice) {
            case LogSlice.Empty empty -> new Chunk(-1, -1);
            case LogSlice.Cold cold -> scanHeaders(cold.load(ByteBuffer::allocate));
            case LogSlice.Warm warm -> {
                try {
                    ByteBuffer bytes = ByteBuffer.allocate(warm.sizeInBytes());
                    warm.file().readFully(bytes, warm.position());
                    yield scanHeaders(bytes.flip());
                } finally {
                    warm.release();
                }
            }
        };
    }

    private static Chunk scanHeaders(ByteBuffer bytes) {
        int highest = -1;
        long nextOffset = -1;
        BatchSet set = BatchSet.of(bytes);
        while (set.next()) {
            if (!BatchView.hasProducerId(bytes, set.index())) {
                highest = Math.max(highest, BatchView.baseSequence(bytes, set.index()));
            }
            nextOffset = BatchView.nextOffset(bytes, set.index());
        }
        return new Chunk(highest, nextOffset);
    }
}
