package io.headrace.coordinator.handler.group;

import io.headrace.coordinator.group.GroupErrors;
import io.headrace.coordinator.handler.ForwardedRequest;
import io.headrace.coordinator.handler.group.ParkedCalls.Parked;
import io.headrace.coordinator.handler.routing.ShardRouter;
import io.headrace.coordinator.metadata.InternalTopics;
import io.headrace.coordinator.shard.OwnedShards;
import io.headrace.coordinator.shard.ShardCall;

import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.util.function.Consumer;

/**
 * Brings requests to the shards of their groups, and takes back those whose link is gone.
 * Thread-safe.
 */
final class GroupRouter extends ShardRouter {
    private final ParkedCalls parked = new ParkedCalls();

    GroupRouter(OwnedShards shards, InternalTopics topics) {
        super(shards, topics, Topic.GROUP_METADATA_TOPIC_NAME, GroupErrors::reply);
    }

    @Override
    protected void submit(
            ForwardedRequest request,
            int shard,
            ApiMessage body,
            Consumer<ApiMessage> reply,
            @Nullable Runnable redirect) {
        long linkId = request.linkId();
        long parkedId = parked.nextId();
        ShardCall call =
                call(
                        request,
                        body,
                        response -> {
                            parked.remove(linkId, parkedId);
                            reply.accept(response);
                        },
                        redirect == null
                                ? null
                                : () -> {
                                    parked.remove(linkId, parkedId);
                                    redirect.run();
                                });
        parked.add(linkId, parkedId, new Parked(shard, call));
        shards().submit(shard, call);
    }

    /** A link is gone: nobody waits for what came over it. */
    void onLinkClosed(long linkId) {
        for (Parked gone : parked.removeLink(linkId)) {
            shards().abandon(gone.shard(), gone.call());
        }
    }
}
