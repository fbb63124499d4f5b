/**
 * From what a crash left to a valid log.
 *
 * <p>Lives here: the loader of one log, the checkpoints of a log directory, the marker of a clean
 * shutdown.
 *
 * <p>May depend on: {@code segment}, {@code epoch}, {@code producer}, {@code file}.
 *
 * <p>Invariant: nothing below a promised offset is ever truncated; what is missing there is
 * reported.
 */
@NullMarked
package io.headrace.storage.recovery;

import org.jspecify.annotations.NullMarked;
