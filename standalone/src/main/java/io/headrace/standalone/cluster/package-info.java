/**
 * {@code headrace cluster}: a cluster of separate processes on this machine.
 *
 * <p>Lives here: the commands, the plan of a cluster, its directory, and the processes of its
 * nodes.
 *
 * <p>May depend on: {@code postgres}, {@code command}'s printing, {@code serve}'s settings of the
 * watchdog, the Java client.
 *
 * <p>Invariant: a signal goes only to a process that this cluster started, known by its id and the
 * time of its start.
 */
@NullMarked
package io.headrace.standalone.cluster;

import org.jspecify.annotations.NullMarked;
