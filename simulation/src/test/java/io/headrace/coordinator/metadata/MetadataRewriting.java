package io.headrace.coordinator.metadata;

import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.metadata.MetadataBatches;

import org.apache.kafka.common.protocol.ApiMessage;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Changes records of the metadata log on their way to a node. */
public final class MetadataRewriting {
    private MetadataRewriting() {}

    /** The same batches with changed records. */
    public static ByteBuffer rewrite(ByteBuffer batches, Consumer<ApiMessage> change) {
        List<ByteBuffer> changed = new ArrayList<>();
        int size = 0;
        BatchSet set = BatchSet.of(batches);
        try {
            while (set.next()) {
                int index = set.index();
                List<ApiMessage> records =
                        MetadataBatches.decode(batches.slice(index, set.sizeInBytes()));
                records.forEach(change);
                ByteBuffer batch =
                        MetadataBatches.encode(
                                records,
                                BatchView.baseOffset(batches, index),
                                BatchView.leaderEpoch(batches, index),
                                0);
                changed.add(batch);
                size += batch.remaining();
            }
        } catch (MalformedFrameException e) {
            throw new IllegalStateException("The metadata log cannot be read", e);
        }
        ByteBuffer all = ByteBuffer.allocate(size);
        changed.forEach(all::put);
        return all.flip();
    }
}
