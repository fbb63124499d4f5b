package io.headrace.coordinator.group;

import io.headrace.coordinator.shard.ShardEvent;

import org.apache.kafka.common.protocol.Errors;

/** What comes of a {@link GroupTask}. */
public sealed interface GroupEvent extends ShardEvent {

    /** What the owner of a transactional id says; NONE when the partition belongs to it. */
    record TransactionVerified(long questionId, Errors error) implements GroupEvent {}
}
