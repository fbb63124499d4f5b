/**
 * Commands about nodes and coordinators.
 *
 * <p>Lives here: registration, shutting down and reviews of nodes and coordinators, who owns which
 * shard, the allocation of producer ids, features, log directories.
 *
 * <p>May depend on: {@code cluster} and what it may; on no other room of commands.
 *
 * <p>Invariant: a command in the name of a node counts only for its registered incarnation.
 */
@NullMarked
package io.headrace.coordinator.cluster.node;

import org.jspecify.annotations.NullMarked;
