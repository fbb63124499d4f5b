package io.headrace.coordinator.metadata;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.metadata.MetadataRecords;

import org.apache.kafka.common.protocol.ApiMessage;

import java.nio.ByteBuffer;
import java.util.List;

/** Metadata records as record batches. */
final class MetadataBatches {
    private MetadataBatches() {}

    /** One batch. */
    static ByteBuffer encode(
            List<ApiMessage> records, long baseOffset, long controllerEpoch, long timestampMs) {
        BatchBuilder builder =
                BatchBuilder.growing()
                        .baseOffset(baseOffset)
                        .leaderEpoch(Math.toIntExact(controllerEpoch));
        for (ApiMessage record : records) {
            builder.append(timestampMs, null, MetadataRecords.encode(record), List.of());
        }
        return builder.build();
    }
}
