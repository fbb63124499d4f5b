package io.headrace.protocol.metadata;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.protocol.batch.RecordReader;
import io.headrace.protocol.codec.MalformedFrameException;

import org.apache.kafka.common.protocol.ApiMessage;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Metadata records as record batches. */
public final class MetadataBatches {
    private static final int RECORDS_PER_BATCH = 1_000;
    private static final long MAX_DECOMPRESSED_BYTES = 256L << 20;

    private MetadataBatches() {}

    /** An image as batches, one after the other; offsets in them count their own records. */
    public static ByteBuffer snapshot(MetadataImage image) {
        List<ApiMessage> records = SnapshotRecords.of(image);
        List<ByteBuffer> batches = new ArrayList<>();
        long epoch = Math.max(0, image.controllerEpoch());
        int size = 0;
        for (int from = 0; from < records.size(); from += RECORDS_PER_BATCH) {
            int to = Math.min(records.size(), from + RECORDS_PER_BATCH);
            ByteBuffer batch = encode(records.subList(from, to), from, epoch, 0);
            batches.add(batch);
            size = Math.addExact(size, batch.remaining());
        }
        ByteBuffer bytes = ByteBuffer.allocate(size);
        batches.forEach(bytes::put);
        return bytes.flip();
    }

    /** One batch. */
    public static ByteBuffer encode(
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
     * The records of some batches.
     *
     * @throws MalformedFrameException if a record is none that this version of the software knows
     */
    public static List<ApiMessage> decode(ByteBuffer batch) throws MalformedFrameException {
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
