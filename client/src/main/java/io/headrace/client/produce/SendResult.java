package io.headrace.client.produce;

import io.headrace.client.error.HeadraceException;

/** The outcome of one record. */
public sealed interface SendResult<T> {
    /** The caller's mark. */
    T correlation();

    /** The record was stored. */
    record Sent<T>(T correlation, RecordMetadata metadata) implements SendResult<T> {}

    /** The record was not stored, or its outcome is unknown: the error says so. */
    record Failed<T>(T correlation, HeadraceException error) implements SendResult<T> {}
}
