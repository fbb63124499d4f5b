/**
 * Repair of damaged records: finding them, and getting them back from another replica.
 *
 * <p>Lives here: what a good batch on disk is, the audit of a closed segment, its rewriting with
 * the damaged spans from a peer, one at a time, the scrub that reads what nobody reads.
 *
 * <p>May depend on: {@code compaction} (segments that are written and swapped), {@code segment},
 * {@code epoch}, {@code file}, {@code protocol} and {@code transport} (loops); {@code log}
 * implements {@link io.headrace.storage.repair.RepairableLog}.
 *
 * <p>Invariant: a segment is only ever replaced by one in which every batch is good, with every
 * good batch of the old one, and with committed records of the same epochs in its damaged spans.
 */
@NullMarked
package io.headrace.storage.repair;

import org.jspecify.annotations.NullMarked;
