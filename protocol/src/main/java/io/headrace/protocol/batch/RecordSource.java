package io.headrace.protocol.batch;

import java.nio.ByteBuffer;

/** Where the bytes of a batch's records come from, one record at a time. */
sealed interface RecordSource extends AutoCloseable
        permits PlainRecordSource, CompressedRecordSource {
    /** The next record's bytes after its length field; throws {@link CorruptBatchException}. */
    ByteBuffer nextRecord();

    /** Throws {@link CorruptBatchException} when bytes follow the last record. */
    void requireEnd();

    @Override
    void close();
}
