/**
 * What the cluster decides: nodes, topics, partitions, leaders, configs, shard owners.
 *
 * <p>Lives here: commands that read the controller's state and answer with records and a response;
 * rules of placement, election, validation.
 *
 * <p>May depend on: protocol only. No I/O, threads, clock, randomness of its own, loggers, Spring.
 *
 * <p>Invariant: a command changes nothing; only applied records change the state, on start as in
 * life.
 */
@NullMarked
package io.headrace.coordinator.cluster;

import org.jspecify.annotations.NullMarked;
