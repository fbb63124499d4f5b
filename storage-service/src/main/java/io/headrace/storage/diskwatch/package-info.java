/**
 * Tells disks that are slow from those that are not.
 *
 * <p>Lives here: how long the flushes of a log directory take, the rule that calls it slow, and the
 * thread that looks and tells.
 *
 * <p>May depend on: nothing of this service; never on Spring.
 *
 * <p>Invariant: one slow flush, or a busy second, says nothing; a disk that was called slow is
 * called so until it has been quick for long.
 */
@NullMarked
package io.headrace.storage.diskwatch;

import org.jspecify.annotations.NullMarked;
