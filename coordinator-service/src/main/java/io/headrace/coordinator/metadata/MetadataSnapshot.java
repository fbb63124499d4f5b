package io.headrace.coordinator.metadata;

import io.headrace.coordinator.cluster.SnapshotRecords;
import io.headrace.protocol.metadata.MetadataImage;

import org.apache.kafka.common.protocol.ApiMessage;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * An image as record batches, for readers that are behind the log's start. Offsets in it count its
 * own records; the image that it makes is the one before {@code endOffset}.
 *
 * @param bytes the batches, one after the other
 */
public record MetadataSnapshot(long endOffset, long controllerEpoch, ByteBuffer bytes) {
    private static final int RECORDS_PER_BATCH = 1_000;

    static MetadataSnapshot of(MetadataImage image) {
        List<ApiMessage> records = SnapshotRecords.of(image);
        List<ByteBuffer> batches = new ArrayList<>();
        int size = 0;
        for (int from = 0; from < records.size(); from += RECORDS_PER_BATCH) {
            int to = Math.min(records.size(), from + RECORDS_PER_BATCH);
            long epoch = Math.max(0, image.controllerEpoch());
            ByteBuffer batch = MetadataBatches.encode(records.subList(from, to), from, epoch, 0);
            batches.add(batch);
            size = Math.addExact(size, batch.remaining());
        }
        ByteBuffer bytes = ByteBuffer.allocate(size);
        batches.forEach(bytes::put);
        return new MetadataSnapshot(image.nextOffset(), image.controllerEpoch(), bytes.flip());
    }
}
