package io.headrace.coordinator.config;

import io.headrace.coordinator.group.space.ConsumerProtocolProperties;
import io.headrace.coordinator.group.space.GroupProperties;
import io.headrace.coordinator.group.space.ShareProtocolProperties;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

import java.time.Duration;

/**
 * Consumer groups, with Kafka's defaults.
 *
 * @param initialRebalanceDelay how long the first rebalance of a group waits for more members; at
 *     least 50 ms, so that members which start together are in its first generation (Kafka,
 *     whatever its delay, writes a new group to its log before anybody has joined, which takes as
 *     long)
 * @param minSessionTimeout the shortest session that a member may ask for
 * @param maxSessionTimeout the longest
 * @param maxSize the most members of a group
 * @param offsetsRetention how long offsets are kept once their group is empty
 * @param offsetsRetentionCheckInterval how often that is looked at
 * @param offsetMetadataMaxBytes the longest text that may be committed with an offset
 * @param consumer the consumer protocol (KIP-848)
 * @param share share groups (KIP-932)
 */
@ConfigurationProperties("headrace.coordinator.group")
public record GroupOptions(
        @DefaultValue("3s") Duration initialRebalanceDelay,
        @DefaultValue("6s") Duration minSessionTimeout,
        @DefaultValue("30m") Duration maxSessionTimeout,
        @DefaultValue("10000") int maxSize,
        @DefaultValue("7d") Duration offsetsRetention,
        @DefaultValue("10m") Duration offsetsRetentionCheckInterval,
        @DefaultValue("4096") int offsetMetadataMaxBytes,
        @DefaultValue ConsumerProtocol consumer,
        @DefaultValue ShareProtocol share) {

    private static final long STARTED_TOGETHER_MS = 50;

    /** What becomes of a group whose members begin to speak the other protocol. */
    public enum Migration {
        BIDIRECTIONAL,
        UPGRADE,
        DOWNGRADE,
        DISABLED
    }

    /**
     * The consumer protocol.
     *
     * @param sessionTimeout how long a member may be silent
     * @param minHeartbeatInterval how often members are heard of while there are few
     * @param maxHeartbeatInterval the same while there are many
     * @param assignmentInterval how long changes of a large group are gathered after a target
     * @param migrationPolicy between the classic and the consumer protocol
     */
    public record ConsumerProtocol(
            @DefaultValue("45s") Duration sessionTimeout,
            @DefaultValue("250ms") Duration minHeartbeatInterval,
            @DefaultValue("5s") Duration maxHeartbeatInterval,
            @DefaultValue("1s") Duration assignmentInterval,
            @DefaultValue("bidirectional") Migration migrationPolicy) {

        ConsumerProtocolProperties toProperties() {
            return new ConsumerProtocolProperties(
                    Math.toIntExact(sessionTimeout.toMillis()),
                    Math.toIntExact(minHeartbeatInterval.toMillis()),
                    Math.toIntExact(maxHeartbeatInterval.toMillis()),
                    Math.toIntExact(assignmentInterval.toMillis()),
                    migrationPolicy == Migration.BIDIRECTIONAL
                            || migrationPolicy == Migration.UPGRADE,
                    migrationPolicy == Migration.BIDIRECTIONAL
                            || migrationPolicy == Migration.DOWNGRADE);
        }
    }

    /**
     * Share groups.
     *
     * @param sessionTimeout how long a member may be silent
     * @param minHeartbeatInterval how often members are heard of while there are few
     * @param maxHeartbeatInterval the same while there are many
     * @param assignmentInterval how long changes of a large group are gathered after a target
     * @param maxSize the most members of a group
     */
    public record ShareProtocol(
            @DefaultValue("45s") Duration sessionTimeout,
            @DefaultValue("500ms") Duration minHeartbeatInterval,
            @DefaultValue("5s") Duration maxHeartbeatInterval,
            @DefaultValue("1s") Duration assignmentInterval,
            @DefaultValue("200") int maxSize) {

        ShareProtocolProperties toProperties() {
            ShareProtocolProperties usual = ShareProtocolProperties.defaults();
            return new ShareProtocolProperties(
                    Math.toIntExact(sessionTimeout.toMillis()),
                    Math.toIntExact(minHeartbeatInterval.toMillis()),
                    Math.toIntExact(maxHeartbeatInterval.toMillis()),
                    Math.toIntExact(assignmentInterval.toMillis()),
                    maxSize,
                    usual.maxPartitions(),
                    usual.stateRetryMs());
        }
    }

    private long initialDelayMs() {
        long wantedMs = initialRebalanceDelay.toMillis();
        return wantedMs < 0 ? wantedMs : Math.max(STARTED_TOGETHER_MS, wantedMs);
    }

    /** The same for the room of groups, with the bounds that nobody sets. */
    public GroupProperties toProperties() {
        GroupProperties usual = GroupProperties.defaults();
        return new GroupProperties(
                Math.toIntExact(minSessionTimeout.toMillis()),
                Math.toIntExact(maxSessionTimeout.toMillis()),
                Math.toIntExact(initialDelayMs()),
                usual.newMemberJoinTimeoutMs(),
                maxSize,
                usual.maxGroups(),
                usual.maxMemberBytes(),
                usual.maxGroupRecordBytes(),
                usual.maxPartitionsPerRequest(),
                offsetMetadataMaxBytes,
                offsetsRetention.toMillis(),
                offsetsRetentionCheckInterval.toMillis(),
                consumer.toProperties(),
                share.toProperties());
    }
}
