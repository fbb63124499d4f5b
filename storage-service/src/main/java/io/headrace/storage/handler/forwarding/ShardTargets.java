package io.headrace.storage.handler.forwarding;

import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.storage.forward.ForwardTarget;
import io.headrace.storage.handler.request.Services;

/** The shards that answer for groups and transactions. */
public final class ShardTargets {
    private static final String OFFSETS_TOPIC = "__consumer_offsets";
    private static final String TRANSACTIONS_TOPIC = "__transaction_state";

    private ShardTargets() {}

    /** Where the requests of a group go. */
    static ForwardTarget ofGroup(Services services, String groupId) {
        return of(services, OFFSETS_TOPIC, ShardOwnerImage.GROUP, groupId);
    }

    /** Where the requests of a transactional id go. */
    public static ForwardTarget ofTransaction(Services services, String transactionalId) {
        return of(services, TRANSACTIONS_TOPIC, ShardOwnerImage.TRANSACTION, transactionalId);
    }

    private static ForwardTarget of(Services services, String topicName, byte kind, String key) {
        TopicImage topic = services.image().topic(topicName);
        if (topic == null || topic.partitionCount() == 0) {
            return new ForwardTarget.FirstUse(kind, topicName, key);
        }
        return new ForwardTarget.Shard(kind, ShardOwnerImage.shardOf(key, topic.partitionCount()));
    }
}
