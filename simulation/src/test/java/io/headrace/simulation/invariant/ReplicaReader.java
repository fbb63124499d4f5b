package io.headrace.simulation.invariant;

import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.storage.log.LogSlice;
import io.headrace.storage.log.PartitionLog;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Reads what a replica has on its disk, batch by batch. */
final class ReplicaReader {
    private ReplicaReader() {}

    /**
     * A batch as it identifies itself.
     *
     * @param shardEpoch what a shard append wrote into the base sequence; -1 with a producer id
     */
    record Batch(long baseOffset, long nextOffset, int leaderEpoch, long crc, int shardEpoch) {}

    /** The whole batches from an offset, where one begins, up to a bound. */
    static List<Batch> read(PartitionLog log, long from, long upTo) {
        List<Batch> found = new ArrayList<>();
        long next = from;
        while (next < upTo) {
            int before = found.size();
            ByteBuffer bytes = load(log.read(next, 1 << 20, true, upTo));
            BatchSet batches = BatchSet.of(bytes);
            while (batches.next()) {
                int at = batches.index();
                if (BatchView.baseOffset(bytes, at) >= next) {
                    found.add(
                            new Batch(
                                    BatchView.baseOffset(bytes, at),
                                    BatchView.nextOffset(bytes, at),
                                    BatchView.leaderEpoch(bytes, at),
                                    BatchView.crc(bytes, at),
                                    BatchView.hasProducerId(bytes, at)
                                            ? -1
                                            : BatchView.baseSequence(bytes, at)));
                }
            }
            if (found.size() == before) {
                return found;
            }
            next = found.getLast().nextOffset();
        }
        return found;
    }

    private static ByteBuffer load(LogSlice slice) {
        try {
            return switch (slice) {
                case LogSlice.Empty empty -> ByteBuffer.allocate(0);
                case LogSlice.Cold cold -> cold.load(ByteBuffer::allocate);
                case LogSlice.Warm warm -> {
                    try {
                        ByteBuffer bytes = ByteBuffer.allocate(warm.sizeInBytes());
                        warm.file().readFully(bytes, warm.position());
                        yield bytes.flip();
                    } finally {
                        warm.release();
                    }
                }
            };
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
