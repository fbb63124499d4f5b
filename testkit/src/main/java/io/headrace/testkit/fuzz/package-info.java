/**
 * Hostile bytes made from valid ones.
 *
 * <p>Here: mutators that a seed drives, and the count of what was tried.
 *
 * <p>Depends on the JDK only.
 *
 * <p>Invariant: every input can be made again from its seed and its valid frame.
 */
@NullMarked
package io.headrace.testkit.fuzz;

import org.jspecify.annotations.NullMarked;
