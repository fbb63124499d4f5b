package io.headrace.coordinator.metadata;

import org.apache.kafka.common.Uuid;

import java.nio.ByteBuffer;

/**
 * A row of {@code metadata_log}: one encoded record batch.
 *
 * @param nextOffset the offset after its last record
 * @param takeOverId the take-over in which it was committed
 */
record LogRow(
        long baseOffset, long nextOffset, long controllerEpoch, Uuid takeOverId, ByteBuffer batch) {
    int sizeInBytes() {
        return batch.remaining();
    }
}
