/**
 * Chance that can be had again: seeds for tests, and generators of inputs.
 *
 * <p>Here: the JUnit extension that gives a test its seed, and the exhaustive generator.
 *
 * <p>Depends on JUnit's API only.
 *
 * <p>Invariant: a failed test names the seed that fails it again.
 */
@NullMarked
package io.headrace.testkit.random;

import org.jspecify.annotations.NullMarked;
