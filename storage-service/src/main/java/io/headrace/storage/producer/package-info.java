/**
 * What each producer last wrote to a log: idempotence and open transactions (KIP-98, KIP-360).
 *
 * <p>Lives here: the state per producer id, the checks of sequence and epoch, the snapshot's bytes,
 * the node's bound on producer ids.
 *
 * <p>May depend on: {@code protocol.batch} and {@code segment}'s transaction entries; no I/O.
 *
 * <p>Invariant: a retry of a remembered batch is recognised and never appended again; a live
 * producer id is never evicted for another.
 */
@NullMarked
package io.headrace.storage.producer;

import org.jspecify.annotations.NullMarked;
