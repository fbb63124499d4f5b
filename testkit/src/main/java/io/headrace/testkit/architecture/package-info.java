/**
 * The rules of rooms: which package may know which.
 *
 * <p>Here: rules that the {@code ArchitectureTest} of each module checks on its own classes.
 *
 * <p>Depends on ArchUnit only.
 *
 * <p>Invariant: every rule is proved to go red on a planted violation.
 */
@NullMarked
package io.headrace.testkit.architecture;

import org.jspecify.annotations.NullMarked;
