package io.headrace.coordinator.metadata;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.protocol.batch.RecordReader;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.metadata.MetadataRecords;

import org.apache.kafka.common.protocol.ApiMessage;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Metadata records as record batches. */
final class MetadataBatches {
    private static final long MAX_DECOMPRESSED_BYTES = 256L << 20;

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

    /**
     * The records of one batch.
     *
     * @throws MalformedFrameException if a record is none that this version of the software knows
     */
    static List<ApiMessage> decode(ByteBuffer batch) throws MalformedFrameException {
        BatchSet batches = BatchSet.of(batch);
        List<ApiMessage> records = new ArrayList<>();
        while (batches.next()) {
            if (!BatchView.isCrcValid(batch, batches.index())) {
                throw new CorruptBatchException("A batch of the metadata log has a wrong CRC");
            }
            try (RecordReader reader =
                    RecordReader.open(batch, batches.index(), MAX_DECOMPRESSED_BYTES)) {
                while (reader.hasNext()) {
                    records.add(
                            MetadataRecords.decode(Objects.requireNonNull(reader.next().value())));
                }
            }
        }
        return records;
    }
}
