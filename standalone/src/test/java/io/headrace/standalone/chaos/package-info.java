/**
 * The chaos command.
 *
 * <p>Lives here: its schedule, its watch over stalls, its comparison of replicas, and a short run.
 *
 * <p>May depend on: the program and the test kit.
 *
 * <p>Invariant: each check is shown to find what it is for.
 */
@NullMarked
package io.headrace.standalone.chaos;

import org.jspecify.annotations.NullMarked;
