package io.headrace.coordinator.handler.share;

import io.headrace.coordinator.handler.ForwardedHandler;
import io.headrace.coordinator.handler.routing.ShardRouter;
import io.headrace.coordinator.metadata.InternalTopics;
import io.headrace.coordinator.shard.OwnedShards;
import io.headrace.coordinator.share.ShareErrors;

import org.apache.kafka.common.internals.Topic;

import java.util.List;

/** The handlers of all share state APIs. */
public final class ShareHandlers {
    private ShareHandlers() {}

    /**
     * One handler for each API.
     *
     * @param shards the shards of share state of this coordinator
     * @param topics makes the shards' topic when a share partition is first asked for
     */
    public static List<ForwardedHandler> of(OwnedShards shards, InternalTopics topics) {
        ShardRouter router =
                new ShardRouter(
                        shards, topics, Topic.SHARE_GROUP_STATE_TOPIC_NAME, ShareErrors::reply);
        return List.of(
                StateHandlers.initialize(router),
                StateHandlers.read(router),
                StateHandlers.write(router),
                StateHandlers.delete(router),
                StateHandlers.readSummary(router));
    }
}
