package io.headrace.storage.partition;

/**
 * What a replica's fetch saw of its leader; it is worth an answer when any of it changes.
 *
 * @param leaderCheck the newest check that the leader began
 */
public record ReplicaSeen(long logEndOffset, long highWatermark, int leaderCheck) {}
