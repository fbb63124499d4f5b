package io.headrace.protocol.batch;

import org.apache.kafka.common.KafkaException;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** Records out of a compressed stream, each in memory of its own. */
final class CompressedRecordSource implements RecordSource {
    private final InputStream in;
    private final long maxBytes;
    private long readBytes;

    private CompressedRecordSource(InputStream in, long maxBytes) {
        this.in = in;
        this.maxBytes = maxBytes;
    }

    static CompressedRecordSource open(CompressionCodec codec, ByteBuffer body, long maxBytes) {
        return new CompressedRecordSource(CodecStreams.decompress(codec, body, maxBytes), maxBytes);
    }

    @Override
    public ByteBuffer nextRecord() {
        int size = readLength();
        if (size < 0) {
            throw new CorruptBatchException("A record claims " + size + " bytes");
        }
        count(size);
        byte[] record;
        try {
            // Grows as bytes arrive, so the claim alone allocates next to nothing.
            record = in.readNBytes(size);
        } catch (IOException | RuntimeException e) {
            throw broken(e);
        }
        if (record.length < size) {
            throw new CorruptBatchException(
                    "A record claims " + size + " bytes, " + record.length + " are left");
        }
        return ByteBuffer.wrap(record).asReadOnlyBuffer();
    }

    @Override
    public void requireEnd() {
        if (readByte() >= 0) {
            throw new CorruptBatchException("Bytes follow the last record of the batch");
        }
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException | KafkaException e) {
            throw broken(e);
        }
    }

    private int readLength() {
        int raw = 0;
        for (int shift = 0; shift < 7 * Varints.MAX_INT_BYTES; shift += 7) {
            int next = readByte();
            if (next < 0) {
                throw new CorruptBatchException("A record is cut off inside its length");
            }
            count(1);
            raw |= (next & 0x7f) << shift;
            if ((next & 0x80) == 0) {
                return (raw >>> 1) ^ -(raw & 1);
            }
        }
        throw new CorruptBatchException("A variable-length number has more than 5 bytes");
    }

    private int readByte() {
        try {
            return in.read();
        } catch (IOException | RuntimeException e) {
            throw broken(e);
        }
    }

    private void count(long bytes) {
        readBytes += bytes;
        if (readBytes > maxBytes) {
            throw new DecompressionLimitException(
                    "The batch decompresses to more than " + maxBytes + " bytes");
        }
    }

    private static CorruptBatchException broken(Exception cause) {
        return new CorruptBatchException("The batch cannot be decompressed", cause);
    }
}
