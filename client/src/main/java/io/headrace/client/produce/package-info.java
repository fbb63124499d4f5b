/**
 * Sending records: partitioning, batching, sequences, retries.
 *
 * <p>Lives here: {@link io.headrace.client.produce.Producer}, its options and its pure cores
 * (accumulator, sequences, partitioner).
 *
 * <p>May depend on: {@code metadata}, {@code connection}, {@code error} and {@code protocol}.
 *
 * <p>Invariant: batches of an idempotent producer reach a partition in order and once; memory is
 * bounded.
 */
@NullMarked
package io.headrace.client.produce;

import org.jspecify.annotations.NullMarked;
