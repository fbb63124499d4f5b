package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.CoordinatorImage.VersionRange;

import org.apache.kafka.common.Uuid;

import java.util.Map;

/**
 * A coordinator's incarnation as the cluster gets to know it.
 *
 * @param host where storage nodes reach it
 * @param apis the forwarded APIs that it serves
 */
public record CoordinatorIdentity(
        int coordinatorId,
        Uuid incarnationId,
        String host,
        int port,
        Map<Short, VersionRange> apis) {}
