/**
 * Waiting for something to become true, in tests against real time.
 *
 * <p>Here: the poll with a deadline that takes the place of every sleep.
 *
 * <p>Depends on the JDK only.
 *
 * <p>Invariant: a wait ends, and a wait in vain says for what it waited and what it saw last.
 */
@NullMarked
package io.headrace.testkit.wait;

import org.jspecify.annotations.NullMarked;
