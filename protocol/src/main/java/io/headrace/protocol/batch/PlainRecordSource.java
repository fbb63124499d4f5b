package io.headrace.protocol.batch;

import java.nio.ByteBuffer;

/** Records as they lie in an uncompressed batch: slices of its buffer. */
final class PlainRecordSource implements RecordSource {
    private final ByteBuffer records;

    PlainRecordSource(ByteBuffer records) {
        this.records = records;
    }

    @Override
    public ByteBuffer nextRecord() {
        int size = Varints.readInt(records);
        if (size < 0 || size > records.remaining()) {
            throw new CorruptBatchException(
                    "A record claims " + size + " bytes, " + records.remaining() + " are left");
        }
        ByteBuffer record = records.slice(records.position(), size);
        records.position(records.position() + size);
        return record;
    }

    @Override
    public void requireEnd() {
        if (records.hasRemaining()) {
            throw new CorruptBatchException(
                    records.remaining() + " bytes follow the last record of the batch");
        }
    }

    @Override
    public void close() {}
}
