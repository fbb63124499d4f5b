package io.headrace.storage.share;

/**
 * How much a member may be given.
 *
 * @param maxRecords how many records; unless strict, the batch that reaches it is given whole
 * @param batchSize how many records an acquired range shall have at most where batches allow it
 * @param strict whether maxRecords is never exceeded (KIP-1206's record-limit mode)
 */
public record AcquireLimits(int maxRecords, int batchSize, boolean strict) {}
