package io.headrace.storage.log;

/**
 * What an append did.
 *
 * @param baseOffset offset of the first record; of the original append when this is a duplicate
 * @param lastOffset offset of the last record
 * @param logAppendTimeMs the log's time given to the records, or -1 when they kept the producer's
 * @param logStartOffset first readable offset after the append
 * @param maxTimestampMs the largest timestamp of the batches appended
 * @param duplicate whether nothing was appended, because an idempotent producer's batch is already
 *     in the log; the caller answers as if it had been, once {@code lastOffset} is committed
 */
public record AppendResult(
        long baseOffset,
        long lastOffset,
        long logAppendTimeMs,
        long logStartOffset,
        long maxTimestampMs,
        boolean duplicate) {}
