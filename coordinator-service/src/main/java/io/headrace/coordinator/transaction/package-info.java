/**
 * Transactions: who may write under a transactional id, and how each transaction ends in all its
 * partitions (KIP-98, KIP-890).
 *
 * <p>Lives here: the state of a transactional id and its records, the decisions of every
 * transaction API, timeouts and expiry, and which markers are still to be written.
 *
 * <p>May depend on: {@code shard}'s seam, the metadata image; no I/O, no threads, no clock.
 *
 * <p>Invariant: a transaction is decided once; the decision is in the log before any marker leaves,
 * and a request of an earlier transaction or an older epoch decides nothing.
 */
@NullMarked
package io.headrace.coordinator.transaction;

import org.jspecify.annotations.NullMarked;
