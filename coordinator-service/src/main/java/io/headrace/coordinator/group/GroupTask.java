package io.headrace.coordinator.group;

import io.headrace.coordinator.shard.ShardTask;

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
}
