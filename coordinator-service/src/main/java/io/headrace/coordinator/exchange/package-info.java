/**
 * What shards ask of others: markers in partitions, whether a transaction is open, producer ids,
 * the states of share partitions; and what an operator asks of storage nodes.
 *
 * <p>Lives here: the questions over the wire, each asked once; when to ask again is for the cores.
 *
 * <p>May depend on: {@code shard}'s links, the tasks and events of {@code transaction} and {@code
 * group}, {@code share}'s keys, {@code metadata}'s view of the cluster, {@code recovery}'s reports,
 * transport.
 *
 * <p>Invariant: every task is answered by exactly one event, whatever becomes of the connection.
 */
@NullMarked
package io.headrace.coordinator.exchange;

import org.jspecify.annotations.NullMarked;
