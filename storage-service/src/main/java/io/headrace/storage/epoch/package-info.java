/**
 * Leader epochs of a log: which epoch began at which offset (KIP-101, KIP-279).
 *
 * <p>Lives here: the ordered entries, and their form in {@code leader-epoch-checkpoint}.
 *
 * <p>May depend on: nothing but the JDK.
 *
 * <p>Invariant: epochs and start offsets both ascend; an epoch without records has no entry above
 * the log end.
 */
@NullMarked
package io.headrace.storage.epoch;

import org.jspecify.annotations.NullMarked;
