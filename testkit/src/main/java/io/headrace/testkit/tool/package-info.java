/**
 * Programs of other people that tests run: kcat, node, strace.
 *
 * <p>Here: finding them, and deciding whether a test without one is skipped or fails.
 *
 * <p>Depends on JUnit's API.
 *
 * <p>Invariant: in CI no test is skipped because a tool is missing.
 */
@NullMarked
package io.headrace.testkit.tool;

import org.jspecify.annotations.NullMarked;
