package io.headrace.protocol.batch;

import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.utils.BufferSupplier;
import org.apache.kafka.common.utils.ByteBufferOutputStream;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;

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
            return compression(codec)
                    .wrapForInput(body, BatchDescriptor.CURRENT_MAGIC, BufferSupplier.NO_CACHING);
        } catch (RuntimeException e) {
            throw new CorruptBatchException("The batch cannot be decompressed", e);
        }
    }

    static OutputStream compress(CompressionCodec codec, ByteBufferOutputStream target) {
        return compression(codec).wrapForOutput(target, BatchDescriptor.CURRENT_MAGIC);
    }

    static void write(OutputStream out, ByteBuffer bytes) throws IOException {
        if (bytes.hasArray()) {
            out.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
        } else {
            byte[] chunk = new byte[Math.min(8192, bytes.remaining())];
            for (int at = bytes.position(); at < bytes.limit(); at += chunk.length) {
                int count = Math.min(chunk.length, bytes.limit() - at);
                bytes.get(at, chunk, 0, count);
                out.write(chunk, 0, count);
            }
        }
    }

    private static Compression compression(CompressionCodec codec) {
        return Compression.of(CompressionType.forId(codec.id())).build();
    }
}
