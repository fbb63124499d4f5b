package io.headrace.coordinator.cluster;

/**
 * What the controller heard of one incarnation since its own take-over. Lost with the controller.
 *
 * @param nodeEpoch the incarnation
 * @param lastPollMs when its metadata was last polled, or when it registered
 * @param appliedOffset the first metadata offset that it has not applied; -1 before its first poll
 * @param connected whether the connection of its last poll is open
 */
record NodeSession(long nodeEpoch, long lastPollMs, long appliedOffset, boolean connected) {}
