package io.headrace.benchmarks.micro;

import io.headrace.protocol.batch.BatchBuilder;

import java.nio.ByteBuffer;
import java.util.List;

/** Batches as producers make them. */
final class Batches {
    private Batches() {}

    /** An uncompressed batch of records of 100 bytes, of about that size, in direct memory. */
    static ByteBuffer ofSize(int sizeInBytes, long nowMs) {
        BatchBuilder builder = BatchBuilder.growing();
        ByteBuffer value = ByteBuffer.allocate(100);
        for (int i = 0; i < sizeInBytes / 107; i++) {
            builder.append(nowMs, null, value.duplicate(), List.of());
        }
        ByteBuffer built = builder.build();
        return ByteBuffer.allocateDirect(built.remaining()).put(built).flip();
    }
}
