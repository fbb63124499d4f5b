/**
 * Real child processes of tests.
 *
 * <p>Here: starting a command or a JVM, reading what it says, and ending it.
 *
 * <p>Depends on the JDK and {@code wait}.
 *
 * <p>Invariant: no process outlives the test that started it, not even when the test's JVM is
 * killed by a signal it can hear.
 */
@NullMarked
package io.headrace.testkit.process;

import org.jspecify.annotations.NullMarked;
