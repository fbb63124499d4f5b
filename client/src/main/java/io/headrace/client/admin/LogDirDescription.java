package io.headrace.client.admin;

import org.apache.kafka.common.TopicPartition;

import java.util.Map;

/**
 * A directory where a node keeps logs.
 *
 * @param totalBytes the size of its volume; -1 when unknown
 * @param usableBytes what is free there; -1 when unknown
 * @param replicas the logs in it
 */
public record LogDirDescription(
        String path, long totalBytes, long usableBytes, Map<TopicPartition, Replica> replicas) {

    /**
     * A log in a directory.
     *
     * @param offsetLag how far it is behind
     * @param future whether it is a copy that will replace the one in another directory
     */
    public record Replica(long sizeInBytes, long offsetLag, boolean future) {}
}
