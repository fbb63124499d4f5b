package io.headrace.coordinator.shard;

/**
 * Something that a {@link ShardCore} wants done outside of its shard. It is begun when every record
 * decided before it is committed; what comes of it returns as a {@link ShardEvent}. A task may be
 * lost with its owner: whoever replays the log finds there that it is still to be done.
 */
public interface ShardTask {}
