package io.headrace.coordinator.shard;

/** Something that happened outside of a shard, mostly the end of a {@link ShardTask}. */
public interface ShardEvent {}
