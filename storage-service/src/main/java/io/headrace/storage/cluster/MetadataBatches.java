package io.headrace.storage.cluster;

import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.protocol.batch.RecordReader;
import io.headrace.protocol.batch.StoredRecord;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.metadata.MetadataRecords;

import org.apache.kafka.common.protocol.ApiMessage;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The metadata records of some batches.
 *
 * @param nextOffset the offset after the last batch; the one asked from when there is none
 */
record MetadataBatches(List<ApiMessage> records, long nextOffset) {
    private static final long MAX_DECOMPRESSED_BYTES = 256L << 20;

    /**
     * Decodes the records from an offset on.
     *
     * @throws MalformedFrameException if a record is none that this version of the software knows
     */
    static MetadataBatches decode(ByteBuffer bytes, long fromOffset)
            throws MalformedFrameException {
        List<ApiMessage> records = new ArrayList<>();
        long nextOffset = fromOffset;
        BatchSet batches = BatchSet.of(bytes);
        while (batches.next()) {
            if (!BatchView.isCrcValid(bytes, batches.index())) {
                throw new CorruptBatchException("A metadata batch has a wrong CRC");
            }
            if (BatchView.lastOffset(bytes, batches.index()) < fromOffset
                    || BatchView.isControl(bytes, batches.index())) {
                nextOffset = Math.max(nextOffset, BatchView.nextOffset(bytes, batches.index()));
                continue;
            }
            decodeBatch(bytes, batches.index(), fromOffset, records);
            nextOffset = BatchView.nextOffset(bytes, batches.index());
        }
        return new MetadataBatches(records, nextOffset);
    }

    private static void decodeBatch(
            ByteBuffer bytes, int index, long fromOffset, List<ApiMessage> into)
            throws MalformedFrameException {
        try (RecordReader reader = RecordReader.open(bytes, index, MAX_DECOMPRESSED_BYTES)) {
            while (reader.hasNext()) {
                StoredRecord record = reader.next();
                ByteBuffer value = record.value();
                if (record.offset() >= fromOffset && value != null) {
                    into.add(MetadataRecords.decode(value));
                }
            }
        }
    }
}
