package io.headrace.client.produce;

import io.headrace.client.error.HeadraceException;

/**
 * Told the outcome of one record, once, on the producer's own thread: it must not block. Outcomes
 * of one partition come in order.
 */
public interface SendCallback {
    /** The record was stored. */
    void onSent(RecordMetadata metadata);

    /** The record was not stored, or its outcome is unknown. */
    void onFailed(HeadraceException error);
}
