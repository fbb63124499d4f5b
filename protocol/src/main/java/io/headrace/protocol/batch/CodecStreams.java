package io.headrace.protocol.batch;

import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.utils.BufferSupplier;
import org.apache.kafka.common.utils.ByteBufferOutputStream;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.OptionalInt;

/**
 * Kafka's compression streams, guarded against bytes that would make them allocate without bound.
 */
final class CodecStreams {
    private CodecStreams() {}

    static InputStream decompress(CompressionCodec codec, ByteBuffer body, long maxBytes) {
        if (codec == CompressionCodec.SNAPPY) {
            SnappyGuard.check(body, maxBytes);
        }
        try {
            return compression(codec, OptionalInt.empty())
                    .wrapForInput(body, BatchDescriptor.CURRENT_MAGIC, BufferSupplier.NO_CACHING);
        } catch (RuntimeException e) {
            throw new CorruptBatchException("The batch cannot be decompressed", e);
        }
    }

    /**
     * A batch whose records are those of another, compressed; its header is still to be written.
     *
     * @param level empty for the default of the codec
     * @param batch holds the other from {@code start} to {@code end}, room for a header first
     */
    static ByteBuffer compressBatch(
            CompressionCodec codec,
            OptionalInt level,
            ByteBuffer batch,
            int start,
            int end,
            int expectedSizeInBytes) {
        int from = start + BatchDescriptor.HEADER_BYTES;
        ByteBuffer records = batch.slice(from, end - from);
        ByteBufferOutputStream target =
                new ByteBufferOutputStream(
                        Math.max(BatchDescriptor.HEADER_BYTES + 64, expectedSizeInBytes));
        target.position(BatchDescriptor.HEADER_BYTES);
        try (OutputStream out =
                compression(codec, level).wrapForOutput(target, BatchDescriptor.CURRENT_MAGIC)) {
            write(out, records);
        } catch (IOException e) {
            throw new UncheckedIOException("Compression into memory failed", e);
        }
        return target.buffer().slice(0, target.position());
    }

    private static void write(OutputStream out, ByteBuffer bytes) throws IOException {
        if (bytes.hasArray()) {
            out.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
            return;
        }
        byte[] chunk = new byte[Math.min(8192, bytes.remaining())];
        int at = bytes.position();
        while (at < bytes.limit()) {
            int count = Math.min(chunk.length, bytes.limit() - at);
            bytes.get(at, chunk, 0, count);
            out.write(chunk, 0, count);
            at += count;
        }
    }

    private static Compression compression(CompressionCodec codec, OptionalInt level) {
        if (level.isPresent()) {
            switch (codec) {
                case GZIP -> {
                    return Compression.gzip().level(level.getAsInt()).build();
                }
                case LZ4 -> {
                    return Compression.lz4().level(level.getAsInt()).build();
                }
                case ZSTD -> {
                    return Compression.zstd().level(level.getAsInt()).build();
                }
                case NONE, SNAPPY -> {
                    // These have no levels.
                }
            }
        }
        return Compression.of(CompressionType.forId(codec.id())).build();
    }
}
