package io.headrace.coordinator.group.space;

import io.headrace.coordinator.group.share.StatePlace;
import io.headrace.coordinator.group.share.StateSummary;
import io.headrace.coordinator.shard.ShardEvent;

import org.apache.kafka.common.protocol.Errors;

import java.util.Map;

/** What comes of a {@link GroupTask}. */
public sealed interface GroupEvent extends ShardEvent {

    /** What the owner of a transactional id says; NONE when the partition belongs to it. */
    record TransactionVerified(long questionId, Errors error) implements GroupEvent {}

    /** What became of the states of share partitions, each. */
    record StatesChanged(long taskId, Map<StatePlace, Errors> outcomes) implements GroupEvent {}

    /** How far share partitions are, each. */
    record StatesSummed(long taskId, Map<StatePlace, StateSummary> summaries)
            implements GroupEvent {}
}
