/**
 * Planted faults: source code that a gate must refuse.
 *
 * <p>Here: the compiler that makes classes of it in a folder of the test.
 *
 * <p>Depends on the JDK's compiler only.
 *
 * <p>Invariant: nothing planted is part of the build.
 */
@NullMarked
package io.headrace.testkit.planted;

import org.jspecify.annotations.NullMarked;
