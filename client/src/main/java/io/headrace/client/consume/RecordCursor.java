package io.headrace.client.consume;

import io.headrace.protocol.batch.FetchedRecords;
import io.headrace.protocol.batch.StoredRecord;
import io.headrace.protocol.batch.TimestampType;

import java.util.Iterator;

/** Reads the records of an answer one by one. Close it; not for use by several threads. */
final class RecordCursor implements Iterator<ConsumedRecord>, AutoCloseable {
    private final FetchedBatches answer;
    private final FetchedRecords records;

    RecordCursor(FetchedBatches answer, long maxDecompressedBytes, boolean checkCrcs) {
        this.answer = answer;
        this.records = answer.open(maxDecompressedBytes, checkCrcs);
    }

    long nextFetchOffset() {
        return records.nextFetchOffset();
    }

    @Override
    public boolean hasNext() {
        return records.hasNext();
    }

    @Override
    public ConsumedRecord next() {
        StoredRecord record = records.next();
        return new ConsumedRecord(
                answer.topicPartition(),
                record.offset(),
                -1,
                record.timestampMs(),
                TimestampType.CREATE_TIME,
                record.key(),
                record.value(),
                record.headers());
    }

    @Override
    public void close() {
        records.close();
    }
}
