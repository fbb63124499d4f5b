package io.headrace.coordinator.group;

/** A request that waits for its answer, and the version to answer in. */
record Waiter(long requestId, short version) {}
