/**
 * Records in and out: what a client asks of partitions that this node has.
 *
 * <p>Lives here: the handlers of Produce, Fetch and their kin, of share fetches and
 * acknowledgements, of offsets and producers in a log.
 *
 * <p>May depend on: {@code handler.request}, {@code handler.forwarding} and what they may; never on
 * Spring.
 *
 * <p>Invariant: what is produced is appended only after its header and CRC are checked and, in a
 * transaction, its coordinator knows of the partition.
 */
@NullMarked
package io.headrace.storage.handler.records;

import org.jspecify.annotations.NullMarked;
