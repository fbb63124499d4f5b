/**
 * The command line.
 *
 * <p>Lives here: {@link io.headrace.standalone.Headrace}, the program, and its version.
 *
 * <p>May depend on: the rooms of the commands.
 *
 * <p>Invariant: a failure is one clear line on the error stream and a non-zero exit.
 */
@NullMarked
package io.headrace.standalone;

import org.jspecify.annotations.NullMarked;
