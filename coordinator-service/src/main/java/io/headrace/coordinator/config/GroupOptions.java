package io.headrace.coordinator.config;

import io.headrace.coordinator.group.GroupProperties;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

import java.time.Duration;

/**
 * Consumer groups, with Kafka's defaults.
 *
 * @param initialRebalanceDelay how long the first rebalance of a group waits for more members
 * @param minSessionTimeout the shortest session that a member may ask for
 * @param maxSessionTimeout the longest
 * @param maxSize the most members of a group
 * @param offsetsRetention how long offsets are kept once their group is empty
 * @param offsetsRetentionCheckInterval how often that is looked at
 * @param offsetMetadataMaxBytes the longest text that may be committed with an offset
 */
@ConfigurationProperties("headrace.coordinator.group")
public record GroupOptions(
        @DefaultValue("3s") Duration initialRebalanceDelay,
        @DefaultValue("6s") Duration minSessionTimeout,
        @DefaultValue("30m") Duration maxSessionTimeout,
        @DefaultValue("10000") int maxSize,
        @DefaultValue("7d") Duration offsetsRetention,
        @DefaultValue("10m") Duration offsetsRetentionCheckInterval,
        @DefaultValue("4096") int offsetMetadataMaxBytes) {

    /** The same for the room of groups, with the bounds that nobody sets. */
    public GroupProperties toProperties() {
        GroupProperties usual = GroupProperties.defaults();
        return new GroupProperties(
                Math.toIntExact(minSessionTimeout.toMillis()),
                Math.toIntExact(maxSessionTimeout.toMillis()),
                Math.toIntExact(initialRebalanceDelay.toMillis()),
                usual.newMemberJoinTimeoutMs(),
                maxSize,
                usual.maxGroups(),
                usual.maxMemberBytes(),
                usual.maxGroupRecordBytes(),
                usual.maxPartitionsPerRequest(),
                offsetMetadataMaxBytes,
                offsetsRetention.toMillis(),
                offsetsRetentionCheckInterval.toMillis());
    }
}
