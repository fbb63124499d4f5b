package io.headrace.coordinator.handler;

import io.headrace.coordinator.shard.ShardCall;

/** The group shards of this coordinator, for what other nodes bring to them. Thread-safe. */
@FunctionalInterface
public interface GroupShards {
    /** Hands a request to a shard; answered with NOT_COORDINATOR if it is not owned. */
    void submit(int shard, ShardCall call);
}
