package io.headrace.storage.forward;

import io.headrace.protocol.metadata.CoordinatorImage;

/** Which coordinator a request is for. */
public sealed interface ForwardTarget {

    /** The active controller: topics, configs, nodes. */
    record Controller() implements ForwardTarget {}

    /**
     * The owner of a shard.
     *
     * @param kind as in {@link io.headrace.protocol.metadata.ShardOwnerImage}
     */
    record Shard(byte kind, int shard) implements ForwardTarget {}

    /**
     * The owner of a key's shard, while the shards' topic was not there yet: the controller, which
     * makes the topic when asked, and from then on the owner.
     *
     * @param kind as in {@link io.headrace.protocol.metadata.ShardOwnerImage}
     * @param topic the kind's topic
     */
    record FirstUse(byte kind, String topic, String key) implements ForwardTarget {}

    /** That very coordinator. */
    record Coordinator(CoordinatorImage image) implements ForwardTarget {}
}
