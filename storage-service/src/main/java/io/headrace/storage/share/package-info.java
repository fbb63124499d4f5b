/**
 * Share groups (KIP-932): who holds which record of a partition.
 *
 * <p>Lives here: the state of one share partition (who acquired what until when, what is done), its
 * settings, what of it is persisted, and the share sessions.
 *
 * <p>May depend on: nothing but {@code protocol}; no I/O, threads, clock, randomness or Spring.
 *
 * <p>Invariant: an acknowledgement is answered only after the write that carries it; what a write
 * that succeeded calls done is never delivered again.
 */
@NullMarked
package io.headrace.storage.share;

import org.jspecify.annotations.NullMarked;
