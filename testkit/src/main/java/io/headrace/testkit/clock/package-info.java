/**
 * Time that a test moves.
 *
 * <p>Here: a clock and an event loop that run without waiting.
 *
 * <p>Depends on the JDK only.
 *
 * <p>Invariant: tasks run in the order of their time, then of their submission; time never goes
 * back.
 */
@NullMarked
package io.headrace.testkit.clock;

import org.jspecify.annotations.NullMarked;
