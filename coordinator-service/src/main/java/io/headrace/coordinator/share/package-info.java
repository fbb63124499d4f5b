/**
 * State of share partitions: how far each share group is in each partition, and which records in
 * flight are in which state (KIP-932).
 *
 * <p>Lives here: the shard of that state, its records, the decisions of the share state APIs.
 *
 * <p>May depend on: {@code shard}'s seam, the metadata image; no I/O, no threads, no clock.
 *
 * <p>Invariant: a write of an older leader epoch or state epoch changes nothing, and what was
 * answered is found again by whoever replays the log, compacted or not.
 */
@NullMarked
package io.headrace.coordinator.share;

import org.jspecify.annotations.NullMarked;
