package io.headrace.gateway.fanout;

import io.headrace.client.consume.ConsumedRecord;

import java.util.List;

/**
 * A piece of a partition's log.
 *
 * @param fetchOffset where it begins: what was asked for
 * @param records the visible records from there on, in order; may be empty
 * @param nextOffset where the next piece begins: beyond the last record, hidden ones included
 * @param logStartOffset first readable offset; -1 when unknown
 * @param endOffset where the readable log ended when this was read, exclusive
 * @param sizeInBytes what the records take in memory, about
 */
public record LogSlice(
        long fetchOffset,
        List<ConsumedRecord> records,
        long nextOffset,
        long logStartOffset,
        long endOffset,
        long sizeInBytes) {

    /** The index of the first record at or above the offset; the number of records if none is. */
    int indexOf(long offset) {
        int low = 0;
        int high = records.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (records.get(middle).offset() < offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
