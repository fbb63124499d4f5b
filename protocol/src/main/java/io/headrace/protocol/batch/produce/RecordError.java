package io.headrace.protocol.batch.produce;

/** What is wrong with one record of a refused batch, by its index in the batch (KIP-467). */
public record RecordError(int batchIndex, String message) {}
