package io.headrace.coordinator.group.space;

/**
 * Settings and bounds of groups, with Kafka's meaning where Kafka has them.
 *
 * @param initialRebalanceDelayMs how long the first rebalance of an empty group waits for more
 *     members (KIP-134)
 * @param newMemberJoinTimeoutMs how long a new member may wait in a rebalance before it must ask
 *     again
 * @param maxGroupSize the most members of a group
 * @param maxGroups the most groups of a shard
 * @param maxMemberBytes the most bytes of metadata that a member may bring
 * @param maxGroupRecordBytes the largest record of a group, below the topic's max.message.bytes
 * @param maxPartitionsPerRequest the most partitions that one request may name
 * @param offsetMetadataMaxBytes the longest text that may be committed with an offset
 * @param offsetsRetentionMs how long offsets outlive their group, or their last commit (KIP-211)
 * @param offsetsRetentionCheckMs how often offsets are looked at for that
 * @param consumer settings of the consumer protocol
 * @param share settings of share groups
 */
public record GroupProperties(
        int minSessionTimeoutMs,
        int maxSessionTimeoutMs,
        int initialRebalanceDelayMs,
        int newMemberJoinTimeoutMs,
        int maxGroupSize,
        int maxGroups,
        int maxMemberBytes,
        int maxGroupRecordBytes,
        int maxPartitionsPerRequest,
        int offsetMetadataMaxBytes,
        long offsetsRetentionMs,
        long offsetsRetentionCheckMs,
        ConsumerProtocolProperties consumer,
        ShareProtocolProperties share) {

    public GroupProperties {
        if (minSessionTimeoutMs <= 0 || maxSessionTimeoutMs < minSessionTimeoutMs) {
            throw new IllegalArgumentException(
                    "Session timeouts from "
                            + minSessionTimeoutMs
                            + " to "
                            + maxSessionTimeoutMs
                            + " ms: name a range above 0");
        }
        if (initialRebalanceDelayMs < 0 || offsetsRetentionMs <= 0 || maxGroupSize <= 0) {
            throw new IllegalArgumentException(
                    "The initial rebalance delay must not be negative, offsets retention and group"
                            + " size must be above 0");
        }
    }

    /** Kafka's defaults, and bounds where Kafka has none. */
    public static GroupProperties defaults() {
        return new GroupProperties(
                6_000,
                1_800_000,
                3_000,
                300_000,
                10_000,
                100_000,
                512 << 10,
                850_000,
                100_000,
                4_096,
                7L * 24 * 60 * 60 * 1000,
                10L * 60 * 1000,
                ConsumerProtocolProperties.defaults(),
                ShareProtocolProperties.defaults());
    }

    /** The same with another initial rebalance delay. */
    public GroupProperties withInitialRebalanceDelayMs(int delayMs) {
        return new GroupProperties(
                minSessionTimeoutMs,
                maxSessionTimeoutMs,
                delayMs,
                newMemberJoinTimeoutMs,
                maxGroupSize,
                maxGroups,
                maxMemberBytes,
                maxGroupRecordBytes,
                maxPartitionsPerRequest,
                offsetMetadataMaxBytes,
                offsetsRetentionMs,
                offsetsRetentionCheckMs,
                consumer,
                share);
    }
}
