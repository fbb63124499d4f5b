/**
 * The everyday commands: topics, records, groups.
 *
 * <p>Lives here: one class per command, their common options and the way they print.
 *
 * <p>May depend on: the Java client; never on a service.
 *
 * <p>Invariant: what is asked for goes to standard output, everything else to the error stream.
 */
@NullMarked
package io.headrace.standalone.command;

import org.jspecify.annotations.NullMarked;
