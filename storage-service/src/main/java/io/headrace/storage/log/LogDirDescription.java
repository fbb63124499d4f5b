package io.headrace.storage.log;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.Uuid;

import java.nio.file.Path;
import java.util.Map;

/**
 * A log directory as DescribeLogDirs shows it.
 *
 * @param online false after an I/O error, until the node restarts
 * @param totalBytes size of the volume, -1 when unknown
 * @param usableBytes free room of the volume, -1 when unknown
 * @param partitionBytes size of every log in it
 * @param copies logs that are on their way into it
 */
public record LogDirDescription(
        Path path,
        Uuid directoryId,
        boolean online,
        long totalBytes,
        long usableBytes,
        Map<TopicIdPartition, Long> partitionBytes,
        Map<TopicIdPartition, FutureCopy> copies) {}
