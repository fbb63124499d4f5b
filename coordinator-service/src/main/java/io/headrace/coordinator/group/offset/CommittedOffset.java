package io.headrace.coordinator.group.offset;

import org.apache.kafka.common.Uuid;

/**
 * What a group committed for a partition.
 *
 * @param offset the offset to be consumed next
 * @param leaderEpoch of the last record consumed, or -1
 * @param expireTimestampMs when it expires whatever the cluster's retention, or -1
 * @param topicId the topic that it was committed for; zero in records of before topic ids
 */
public record CommittedOffset(
        long offset,
        int leaderEpoch,
        String metadata,
        long commitTimestampMs,
        long expireTimestampMs,
        Uuid topicId) {
    public static final long NO_EXPIRY = -1;
}
