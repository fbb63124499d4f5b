package io.headrace.coordinator.shard;

import java.util.function.Consumer;

/** Carries out what the cores of shards want done outside. Called on the shard's loop. */
@FunctionalInterface
public interface TaskRunner {
    /** Of shards whose cores have no tasks. */
    TaskRunner NONE =
            (task, shard, shardEpoch, events) -> {
                throw new IllegalStateException("Nobody carries out " + task);
            };

    /**
     * Begins a task; must not block.
     *
     * @param shard which shard wants it
     * @param shardEpoch in which epoch it is owned
     * @param events takes what comes of it, from any thread; leads nowhere once the ownership ended
     */
    void run(ShardTask task, int shard, int shardEpoch, Consumer<ShardEvent> events);
}
