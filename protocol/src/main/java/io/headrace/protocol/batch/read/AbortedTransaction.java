package io.headrace.protocol.batch.read;

/** An aborted transaction as a Fetch answer names it: whose, and the offset of its first record. */
public record AbortedTransaction(long producerId, long firstOffset) {}
