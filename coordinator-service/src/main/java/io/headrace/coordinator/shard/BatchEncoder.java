package io.headrace.coordinator.shard;

import io.headrace.protocol.batch.BatchBuilder;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Packs records into as few batches as their greatest size allows. */
final class BatchEncoder {
    private static final int BATCH_HEADER_BYTES = 61;
    private static final int MAX_ARRAY_BYTES = Integer.MAX_VALUE - 8;

    private BatchEncoder() {}

    static ByteBuffer encode(List<ShardRecord> records, int maxBatchBytes, long nowMs) {
        List<ByteBuffer> batches = new ArrayList<>(1);
        BatchBuilder builder = null;
        long sizeInBytes = 0;
        long leftBytes = BATCH_HEADER_BYTES;
        for (ShardRecord record : records) {
            leftBytes += record.sizeInBytes();
        }
        for (ShardRecord record : records) {
            if (builder != null && sizeInBytes + record.sizeInBytes() > maxBatchBytes) {
                batches.add(builder.build());
                builder = null;
            }
            if (builder == null) {
                int room = (int) Math.min(leftBytes, maxBatchBytes);
                builder = BatchBuilder.growing(room, MAX_ARRAY_BYTES);
                sizeInBytes = BATCH_HEADER_BYTES;
            }
            builder.append(nowMs, record.key(), record.value(), List.of());
            sizeInBytes += record.sizeInBytes();
            leftBytes -= record.sizeInBytes();
        }
        if (builder != null) {
            batches.add(builder.build());
        }
        return batches.size() == 1 ? batches.getFirst() : joined(batches);
    }

    private static ByteBuffer joined(List<ByteBuffer> batches) {
        int size = batches.stream().mapToInt(ByteBuffer::remaining).reduce(0, Math::addExact);
        ByteBuffer all = ByteBuffer.allocate(size);
        batches.forEach(batch -> all.put(batch.duplicate()));
        return all.flip();
    }
}
