package io.headrace.client.produce;

/**
 * Where a record was stored.
 *
 * @param offset its offset; -1 when nobody acknowledged ({@link Acks#NONE}), or when the node
 *     recognised a repeated batch whose offset it no longer knows
 * @param timestampMs its timestamp in ms since the epoch: the record's own, or the log's append
 *     time
 */
public record RecordMetadata(String topic, int partition, long offset, long timestampMs) {}
