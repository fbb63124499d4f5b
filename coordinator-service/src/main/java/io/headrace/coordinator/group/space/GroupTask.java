package io.headrace.coordinator.group.space;

import io.headrace.coordinator.group.share.StatePlace;
import io.headrace.coordinator.shard.ShardTask;

import java.util.Map;
import java.util.Set;

/** What a group shard wants done outside. */
public sealed interface GroupTask extends ShardTask {

    /**
     * Ask the owner of a transactional id whether this shard's partition belongs to its open
     * transaction; answered by {@link GroupEvent.TransactionVerified}.
     *
     * @param questionId names the question in its answer
     * @param add whether the partition is to be added if it does not (KIP-890)
     */
    record VerifyTransaction(
            long questionId,
            String transactionalId,
            long producerId,
            short producerEpoch,
            boolean add)
            implements GroupTask {}

    /**
     * Have the states of share partitions begun; answered by {@link GroupEvent.StatesChanged}.
     *
     * @param startOffsets where each begins; -1 leaves that to the partition's leader
     */
    record InitializeStates(
            long taskId, String groupId, int stateEpoch, Map<StatePlace, Long> startOffsets)
            implements GroupTask {}

    /** Have the states of share partitions deleted; answered alike. */
    record DeleteStates(long taskId, String groupId, Set<StatePlace> places) implements GroupTask {}

    /** Ask how far share partitions are; answered by {@link GroupEvent.StatesSummed}. */
    record SumStates(long taskId, String groupId, Set<StatePlace> places) implements GroupTask {}
}
