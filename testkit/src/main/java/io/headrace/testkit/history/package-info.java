/**
 * What clients were told, and what they were given back.
 *
 * <p>Here: histories of acknowledged and read records, the journal that outlives a killed process,
 * and the checker.
 *
 * <p>Depends on the JDK only.
 *
 * <p>Invariant: the checker is a pure function from a history to the violations in it.
 */
@NullMarked
package io.headrace.testkit.history;

import org.jspecify.annotations.NullMarked;
