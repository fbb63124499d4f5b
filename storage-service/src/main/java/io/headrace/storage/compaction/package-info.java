/**
 * Log compaction: keeping at least the last value of every key, and forgetting the rest.
 *
 * <p>Lives here: the decision which records survive, the map of last offsets, the choice of what to
 * clean next, cleaning of segments, the thread.
 *
 * <p>May depend on: {@code segment}, {@code recovery} (the swap of files), {@code file} and {@code
 * protocol.batch}; {@code log} implements {@link io.headrace.storage.compaction.CompactableLog}.
 *
 * <p>Invariant: order and offsets of what survives never change, no key loses its last value, and a
 * crash at any step leaves either the old segments or the new one.
 */
@NullMarked
package io.headrace.storage.compaction;

import org.jspecify.annotations.NullMarked;
