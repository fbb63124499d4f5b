package io.headrace.client.produce;

/** A record and the caller's own mark for it, which comes back with its outcome. */
public record CorrelatedRecord<T>(T correlation, ProducerRecord record) {}
