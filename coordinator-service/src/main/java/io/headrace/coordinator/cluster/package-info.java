/**
 * What the cluster decides: nodes, topics, partitions, leaders, configs, shard owners.
 *
 * <p>Lives here: the controller's state, which commands read to answer with records and a response,
 * and the rules that several commands share: of elections, reassignments, changes of a partition,
 * internal topics. The commands have rooms by what they are about: {@code topic}, {@code node},
 * {@code replica}.
 *
 * <p>May depend on: protocol only. No I/O, threads, clock, randomness of its own, loggers, Spring.
 *
 * <p>Invariant: a command changes nothing; only applied records change the state, on start as in
 * life.
 */
@NullMarked
package io.headrace.coordinator.cluster;

import org.jspecify.annotations.NullMarked;
