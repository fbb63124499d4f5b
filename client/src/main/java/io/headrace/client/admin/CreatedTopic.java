package io.headrace.client.admin;

import org.apache.kafka.common.Uuid;

import java.util.List;

/**
 * A topic as it was created.
 *
 * @param partitions how many; -1 when the server did not say
 * @param configs its configurations; empty when the server did not say
 */
public record CreatedTopic(
        String name,
        Uuid topicId,
        int partitions,
        int replicationFactor,
        List<ConfigEntry> configs) {}
