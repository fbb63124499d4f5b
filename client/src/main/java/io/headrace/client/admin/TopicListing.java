package io.headrace.client.admin;

import org.apache.kafka.common.Uuid;

/** A topic in a list. */
public record TopicListing(String name, Uuid topicId, int partitions, boolean internal) {}
