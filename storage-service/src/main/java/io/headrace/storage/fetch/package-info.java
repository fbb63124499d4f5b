/**
 * Fetch: sessions, reads over many partitions, long polls, cold reads.
 *
 * <p>Lives here: the fetch sessions of KIP-227, one fetch from its first read to its answer, the
 * bounded reads from disk, and the throttle of what a leader sends to replicas that catch up.
 *
 * <p>May depend on: {@code partition}, {@code purgatory}, {@code log}, {@code config}, {@code
 * protocol}, {@code transport.loop}; never on handlers or Spring.
 *
 * <p>Invariant: a fetch that waits holds no data and no file; bytes read from disk for answers have
 * a bound; every warm range that was taken is sent or released.
 */
@NullMarked
package io.headrace.storage.fetch;

import org.jspecify.annotations.NullMarked;
