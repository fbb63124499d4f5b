package io.headrace.simulation.invariant;

import io.headrace.protocol.batch.BatchDescriptor;
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
     * @param content one number for its records and their times, whoever wrote the header
     */
    record Batch(long baseOffset, long nextOffset, int leaderEpoch, long crc, long content) {}

    /** The batch that the set is at. */
    static Batch batchAt(ByteBuffer bytes, BatchSet batches) {
        int at = batches.index();
        long content = BatchView.baseTimestampMs(bytes, at);
        for (int i = at + BatchDescriptor.RECORD_COUNT; i < batches.endIndex(); i++) {
            content = content * 0x100000001b3L ^ bytes.get(i);
        }
        return new Batch(
                BatchView.baseOffset(bytes, at),
                BatchView.nextOffset(bytes, at),
                BatchView.leaderEpoch(bytes, at),
                BatchView.crc(bytes, at),
                content);
    }

    /** The whole batches from an offset, where one begins, up to a bound. */
    static List<Batch> read(PartitionLog log, long from, long upTo) {
        List<Batch> found = new ArrayList<>();
        long next = from;
        while (next < upTo) {
            int before = found.size();
            ByteBuffer bytes = load(log.read(next, 1 << 20, true, upTo));
            BatchSet batches = BatchSet.of(bytes);
            while (batches.next()) {
                if (BatchView.baseOffset(bytes, batches.index()) >= next) {
                    found.add(batchAt(bytes, batches));
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
