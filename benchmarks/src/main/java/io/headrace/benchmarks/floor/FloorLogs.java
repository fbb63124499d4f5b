package io.headrace.benchmarks.floor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/** One file for each partition, and its next offset. */
final class FloorLogs {
    // The layout of a record batch of version 2.
    private static final int LENGTH_AT = 8;
    private static final int LEADER_EPOCH_AT = 12;
    private static final int CRC_AT = 17;
    private static final int ATTRIBUTES_AT = 21;
    private static final int LAST_OFFSET_DELTA_AT = 23;
    private static final int OVERHEAD_BYTES = 12;

    private final FileChannel[] files;
    private final long[] nextOffsets;

    FloorLogs(Path directory, int partitions) throws IOException {
        Files.createDirectories(directory);
        files = new FileChannel[partitions];
        nextOffsets = new long[partitions];
        for (int i = 0; i < partitions; i++) {
            files[i] =
                    FileChannel.open(
                            directory.resolve(i + ".log"),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE);
        }
    }

    int partitions() {
        return files.length;
    }

    long endOffset(int partition) {
        synchronized (files[partition]) {
            return nextOffsets[partition];
        }
    }

    /** Checks the batches, numbers their records in place and writes them with one call. */
    long append(int partition, ByteBuffer batches) throws IOException {
        int at = batches.position();
        synchronized (files[partition]) {
            long base = nextOffsets[partition];
            long next = base;
            while (at < batches.limit()) {
                int size = OVERHEAD_BYTES + batches.getInt(at + LENGTH_AT);
                CRC32C crc = new CRC32C();
                crc.update(batches.slice(at + ATTRIBUTES_AT, size - ATTRIBUTES_AT));
                if ((int) crc.getValue() != batches.getInt(at + CRC_AT)) {
                    throw new IOException("A batch does not match its CRC");
                }
                batches.putLong(at, next);
                batches.putInt(at + LEADER_EPOCH_AT, 0);
                next += batches.getInt(at + LAST_OFFSET_DELTA_AT) + 1L;
                at += size;
            }
            while (batches.hasRemaining()) {
                files[partition].write(batches);
            }
            nextOffsets[partition] = next;
            return base;
        }
    }
}
