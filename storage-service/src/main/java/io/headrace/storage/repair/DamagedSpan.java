package io.headrace.storage.repair;

/**
 * Bytes of a segment that are no good batches.
 *
 * @param position where they begin in the file
 * @param endPosition where good ones go on, or the file's end as it should be
 * @param fromOffset the first offset that may be in them
 * @param endOffset the first offset that is not
 * @param problem what is wrong, for an operator
 */
record DamagedSpan(
        long position, long endPosition, long fromOffset, long endOffset, String problem) {}
