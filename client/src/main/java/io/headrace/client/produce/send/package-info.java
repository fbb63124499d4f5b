/**
 * Sending records: batching, sequences, retries, transactions.
 *
 * <p>Lives here: the producers behind {@code produce}'s interfaces, what waits to be sent in
 * bounded memory, the sender, and its pure cores (queues of batches, sequences).
 *
 * <p>May depend on: {@code produce}, {@code metadata}, {@code connection}, {@code error} and {@code
 * protocol}.
 *
 * <p>Invariant: batches of an idempotent producer reach a partition in order and once; memory is
 * bounded.
 */
@NullMarked
package io.headrace.client.produce.send;

import org.jspecify.annotations.NullMarked;
