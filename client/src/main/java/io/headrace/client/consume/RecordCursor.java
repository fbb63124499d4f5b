package io.headrace.client.consume;

import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.StoredRecord;
import io.headrace.protocol.batch.TimestampType;
import io.headrace.protocol.batch.read.FetchedRecords;

import java.util.Iterator;

/** Reads the records of an answer one by one. Close it; not for use by several threads. */
final class RecordCursor implements Iterator<ConsumedRecord>, AutoCloseable {
    private final FetchedBatches answer;
    private final FetchedRecords records;

    // The batch of the record that was read last.
    private final BatchSet batches;
    private long lastOffset = -1;
    private int leaderEpoch = -1;
    private TimestampType timestampType = TimestampType.CREATE_TIME;

    RecordCursor(FetchedBatches answer, long maxDecompressedBytes, boolean checkCrcs) {
        this.answer = answer;
        this.records = answer.open(maxDecompressedBytes, checkCrcs);
        this.batches = BatchSet.of(answer.batches());
    }

    long nextFetchOffset() {
        return records.nextFetchOffset();
    }

    /** The leader epoch of the record that was read last; -1 before the first. */
    int leaderEpoch() {
        return leaderEpoch;
    }

    @Override
    public boolean hasNext() {
        return records.hasNext();
    }

    @Override
    public ConsumedRecord next() {
        StoredRecord record = records.next();
        while (record.offset() > lastOffset && batches.next()) {
            int index = batches.index();
            lastOffset = BatchView.lastOffset(answer.batches(), index);
            leaderEpoch = BatchView.leaderEpoch(answer.batches(), index);
            timestampType = BatchView.timestampType(answer.batches(), index);
        }
        return new ConsumedRecord(
                answer.topicPartition(),
                record.offset(),
                leaderEpoch,
                record.timestampMs(),
                timestampType,
                record.key(),
                record.value(),
                record.headers());
    }

    @Override
    public void close() {
        records.close();
    }
}
