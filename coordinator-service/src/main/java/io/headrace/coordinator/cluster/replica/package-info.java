/**
 * Commands about the replicas that partitions have.
 *
 * <p>Lives here: in-sync sets, elections, reassignments, the balance of leaders, what is seen to at
 * times.
 *
 * <p>May depend on: {@code cluster} and what it may; on no other room of commands.
 *
 * <p>Invariant: an in-sync set never loses its last member that may have all that was acknowledged,
 * but by an election that an operator or the last resort decides.
 */
@NullMarked
package io.headrace.coordinator.cluster.replica;

import org.jspecify.annotations.NullMarked;
