/**
 * {@code headrace bench}: the way to the module {@code benchmarks}.
 *
 * <p>Lives here: the command, which builds that module if needed and runs it.
 *
 * <p>May depend on: the failover measurement, which is a subcommand; nothing of the benchmarks.
 *
 * <p>Invariant: what measures is another process, and not on the class path of what is measured.
 */
@NullMarked
package io.headrace.standalone.bench;

import org.jspecify.annotations.NullMarked;
