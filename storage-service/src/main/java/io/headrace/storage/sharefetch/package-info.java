/**
 * ShareFetch and ShareAcknowledge: sessions, share partitions, long polls, the way to the shards.
 *
 * <p>Lives here: one share request from its session to its answer, the share partitions of each
 * loop with their locks and writes, and the questions to the share-state shards.
 *
 * <p>May depend on: {@code share}, {@code partition}, {@code fetch}, {@code repair}, {@code
 * purgatory}, {@code forward}, {@code log}, {@code protocol}, {@code transport.loop}; never on
 * handlers or Spring.
 *
 * <p>Invariant: a share partition serves only while its node leads in the epoch in which its state
 * was read; every warm range that was taken is sent or released.
 */
@NullMarked
package io.headrace.storage.sharefetch;

import org.jspecify.annotations.NullMarked;
