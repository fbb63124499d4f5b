package io.headrace.coordinator.group.space;

import io.headrace.protocol.config.GroupConfigs;
import io.headrace.protocol.metadata.MetadataImage;

/**
 * Settings of share groups, where a group has none of its own.
 *
 * @param sessionTimeoutMs how long a member may be silent
 * @param minHeartbeatIntervalMs how often members are told to be heard of while a shard has few;
 *     each heartbeat is a chance to hand out a new assignment
 * @param maxHeartbeatIntervalMs the same while it has many
 * @param assignmentIntervalMs how long changes of a large group are gathered after a target
 * @param maxGroupSize the most members of a group
 * @param maxPartitions the most partitions of all topics that a group subscribes to
 * @param stateRetryMs the pause before states of partitions that could not be made are tried again
 */
public record ShareProtocolProperties(
        int sessionTimeoutMs,
        int minHeartbeatIntervalMs,
        int maxHeartbeatIntervalMs,
        int assignmentIntervalMs,
        int maxGroupSize,
        int maxPartitions,
        int stateRetryMs) {
    public ShareProtocolProperties {
        if (minHeartbeatIntervalMs <= 0
                || maxHeartbeatIntervalMs < minHeartbeatIntervalMs
                || assignmentIntervalMs < 0
                || sessionTimeoutMs <= maxHeartbeatIntervalMs
                || maxGroupSize <= 0
                || maxPartitions <= 0
                || stateRetryMs <= 0) {
            throw new IllegalArgumentException(
                    "Share groups need heartbeat intervals above 0 and below the session timeout,"
                            + " and bounds above 0, not "
                            + this);
        }
    }

    /** Kafka's defaults, but for heartbeats of small groups, which come more often. */
    public static ShareProtocolProperties defaults() {
        return new ShareProtocolProperties(45_000, 500, 5_000, 1_000, 200, 100_000, 1_000);
    }

    /** How long a member of that group may be silent. */
    public int sessionTimeoutMs(MetadataImage image, String groupId) {
        return GroupSettings.ownOr(
                sessionTimeoutMs, image, groupId, GroupConfigs.SHARE_SESSION_TIMEOUT_MS);
    }

    /**
     * How often the members of that group are to be heard of.
     *
     * @param members how many members the group has
     */
    public int heartbeatIntervalMs(MetadataImage image, String groupId, int members) {
        return GroupSettings.ownOr(
                GroupSettings.heartbeatIntervalMs(
                        members, minHeartbeatIntervalMs, maxHeartbeatIntervalMs),
                image,
                groupId,
                GroupConfigs.SHARE_HEARTBEAT_INTERVAL_MS);
    }

    /**
     * How long changes of that group are gathered after a target was made.
     *
     * @param members how many members it has
     */
    public int assignmentIntervalMs(MetadataImage image, String groupId, int members) {
        return AssignmentPace.intervalMs(
                GroupSettings.own(image, groupId, GroupConfigs.SHARE_ASSIGNMENT_INTERVAL_MS),
                assignmentIntervalMs,
                members);
    }
}
