package io.headrace.protocol.batch.read;

/** A record's place in time and in the log. */
public record TimestampedOffset(long offset, long timestampMs) {}
