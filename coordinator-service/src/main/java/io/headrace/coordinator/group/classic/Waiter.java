package io.headrace.coordinator.group.classic;

/** A request that waits for its answer, and the version to answer in. */
public record Waiter(long requestId, short version) {}
