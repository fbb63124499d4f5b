package io.headrace.coordinator.recovery;

import io.headrace.protocol.metadata.MetadataImage;

import org.apache.kafka.common.Uuid;

import java.util.List;

/**
 * What a storage node said of itself.
 *
 * @param address where it was asked, host:port
 * @param nodeEpoch the epoch of its registration, or -1
 * @param regressed whether the controller told it that the database lost what it has applied
 * @param image the metadata that it has applied
 * @param logs the logs that it has
 */
public record NodeReport(
        int nodeId,
        String address,
        long nodeEpoch,
        boolean regressed,
        MetadataImage image,
        List<ReportedLog> logs) {

    /**
     * A log that a node has.
     *
     * @param leaderEpoch the newest leader epoch in it, or -1
     */
    public record ReportedLog(
            Uuid topicId,
            String topic,
            int partition,
            int leaderEpoch,
            long startOffset,
            long endOffset) {}
}
