package io.headrace.coordinator;

import io.headrace.coordinator.handler.ForwardedHandler;
import io.headrace.coordinator.handler.share.ShareHandlers;
import io.headrace.coordinator.metadata.Controller;
import io.headrace.coordinator.shard.OwnedShards;
import io.headrace.coordinator.shard.OwnedShards.Ownership;
import io.headrace.coordinator.shard.ShardProperties;
import io.headrace.coordinator.shard.StorageLinks;
import io.headrace.coordinator.shard.StorageShardLogs;
import io.headrace.coordinator.shard.TaskRunner;
import io.headrace.coordinator.share.ShareErrors;
import io.headrace.coordinator.share.ShareShard;
import io.headrace.coordinator.share.ShareStateProperties;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.transport.loop.Loops;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.internals.Topic;

import java.util.List;
import java.util.function.LongSupplier;

/** The states of share partitions that this coordinator owns, with all that they need. */
public final class ShareStateService implements AutoCloseable {
    private final OwnedShards shards;
    private final List<ForwardedHandler> handlers;

    /**
     * @param links to nodes and other coordinators; stay the caller's
     */
    ShareStateService(
            int coordinatorId,
            ShareStateProperties properties,
            Uuid incarnationId,
            Loops loops,
            Controller controller,
            LongSupplier clockMs,
            StorageLinks links) {
        shards =
                new OwnedShards(
                        new Ownership(
                                ShardOwnerImage.SHARE,
                                Topic.SHARE_GROUP_STATE_TOPIC_NAME,
                                coordinatorId,
                                incarnationId),
                        controller.metadataLog(),
                        loops,
                        new StorageShardLogs(controller.metadataLog(), links)::of,
                        clockMs,
                        ShardProperties.defaults(),
                        ShareErrors::reply,
                        () -> new ShareShard(properties),
                        TaskRunner.NONE);
        handlers = ShareHandlers.of(shards, controller);
    }

    /** The handlers of the share state APIs. */
    List<ForwardedHandler> handlers() {
        return handlers;
    }

    /** The shards of this coordinator. */
    OwnedShards shards() {
        return shards;
    }

    @Override
    public void close() {
        shards.close();
    }
}
