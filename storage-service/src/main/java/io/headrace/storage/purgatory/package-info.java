/**
 * Requests that wait for a partition: for an acknowledgement or for data.
 *
 * <p>Lives here: who waits for which offset until when, and who is due after a change; no thread
 * ever waits.
 *
 * <p>May depend on: nothing; no I/O, threads, clock or Spring.
 *
 * <p>Invariant: every waiter is completed exactly once, and their number has a bound.
 */
@NullMarked
package io.headrace.storage.purgatory;

import org.jspecify.annotations.NullMarked;
