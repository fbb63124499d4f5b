/**
 * The partitions of this node, each owned by one event loop.
 *
 * <p>Lives here: {@link io.headrace.storage.partition.Partition}, which ties a log, its replication
 * and its waiting requests together; the registry of partitions; the fence of shard topics; what
 * waits while a leader that leaves hands a partition over.
 *
 * <p>May depend on: {@code log}, {@code replication}, {@code purgatory}, {@code transport.loop};
 * never on handlers, sockets or Spring.
 *
 * <p>Invariant: only a partition's owner loop touches its log and state; nothing is acknowledged
 * before it is flushed (fsync topics) and committed (acks=all).
 */
@NullMarked
package io.headrace.storage.partition;

import org.jspecify.annotations.NullMarked;
