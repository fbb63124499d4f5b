package io.headrace.coordinator.group.space;

import io.headrace.protocol.config.GroupConfigs;
import io.headrace.protocol.metadata.MetadataImage;

/**
 * Settings of groups of the consumer protocol, where a group has none of its own.
 *
 * @param sessionTimeoutMs how long a member may be silent
 * @param minHeartbeatIntervalMs how often members are told to be heard of while a shard has few;
 *     each heartbeat is a chance to hand out a new assignment
 * @param maxHeartbeatIntervalMs the same while it has many
 * @param assignmentIntervalMs how long changes of a large group are gathered after a target
 * @param upgrades whether a classic group becomes one of this protocol when a consumer of it joins
 * @param downgrades whether it becomes classic again when the last such consumer leaves
 */
public record ConsumerProtocolProperties(
        int sessionTimeoutMs,
        int minHeartbeatIntervalMs,
        int maxHeartbeatIntervalMs,
        int assignmentIntervalMs,
        boolean upgrades,
        boolean downgrades) {
    public ConsumerProtocolProperties {
        if (minHeartbeatIntervalMs <= 0
                || maxHeartbeatIntervalMs < minHeartbeatIntervalMs
                || assignmentIntervalMs < 0
                || sessionTimeoutMs <= maxHeartbeatIntervalMs) {
            throw new IllegalArgumentException(
                    "Heartbeat intervals from "
                            + minHeartbeatIntervalMs
                            + " to "
                            + maxHeartbeatIntervalMs
                            + " ms with sessions of "
                            + sessionTimeoutMs
                            + " ms: name a range above 0 that ends below the session timeout,"
                            + " and an assignment interval of at least 0, not "
                            + assignmentIntervalMs);
        }
    }

    /** Kafka's defaults, but for heartbeats of small groups, which come more often. */
    public static ConsumerProtocolProperties defaults() {
        return new ConsumerProtocolProperties(45_000, 250, 5_000, 1_000, true, true);
    }

    /** How long a member of that group may be silent. */
    public int sessionTimeoutMs(MetadataImage image, String groupId) {
        return GroupSettings.ownOr(
                sessionTimeoutMs, image, groupId, GroupConfigs.CONSUMER_SESSION_TIMEOUT_MS);
    }

    /**
     * How often the members of that group are to be heard of.
     *
     * @param members how many members such groups of the shard have
     */
    public int heartbeatIntervalMs(MetadataImage image, String groupId, int members) {
        return GroupSettings.ownOr(
                GroupSettings.heartbeatIntervalMs(
                        members, minHeartbeatIntervalMs, maxHeartbeatIntervalMs),
                image,
                groupId,
                GroupConfigs.CONSUMER_HEARTBEAT_INTERVAL_MS);
    }

    /**
     * How long changes of that group are gathered after a target was made.
     *
     * @param members how many members it has
     */
    public int assignmentIntervalMs(MetadataImage image, String groupId, int members) {
        return AssignmentPace.intervalMs(
                GroupSettings.own(image, groupId, GroupConfigs.CONSUMER_ASSIGNMENT_INTERVAL_MS),
                assignmentIntervalMs,
                members);
    }
}
