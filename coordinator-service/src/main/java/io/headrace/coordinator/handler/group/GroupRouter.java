package io.headrace.coordinator.handler.group;

import io.headrace.coordinator.group.GroupErrors;
import io.headrace.coordinator.handler.ForwardedRequest;
import io.headrace.coordinator.handler.group.ParkedCalls.Parked;
import io.headrace.coordinator.metadata.InternalTopics;
import io.headrace.coordinator.shard.OwnedShards;
import io.headrace.coordinator.shard.ShardCall;

import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** Brings requests to the shards of their groups. Thread-safe. */
final class GroupRouter {
    private static final Logger LOG = LoggerFactory.getLogger(GroupRouter.class);

    /** Stands for "no shard yet": the topic does not exist. */
    static final int NO_SHARD = -1;

    private final OwnedShards shards;
    private final InternalTopics topics;
    private final ParkedCalls parked = new ParkedCalls();
    private final AtomicBoolean creating = new AtomicBoolean();

    GroupRouter(OwnedShards shards, InternalTopics topics) {
        this.shards = shards;
        this.topics = topics;
    }

    OwnedShards shards() {
        return shards;
    }

    int shardOf(String groupId) {
        return shards.shardOf(groupId);
    }

    /** Whether a request for that shard is for this coordinator to answer. */
    boolean isOurs(int shard) {
        return shard == NO_SHARD || shards.owns(shard);
    }

    /**
     * Hands a request, or a part of one, to a shard.
     *
     * @param body what the shard is asked, of the request's API
     * @param reply takes the one answer
     */
    void route(ForwardedRequest request, int shard, ApiMessage body, Consumer<ApiMessage> reply) {
        if (shard == NO_SHARD) {
            createTopic();
            reply.accept(
                    GroupErrors.reply(
                            body, request.apiVersion(), Errors.COORDINATOR_NOT_AVAILABLE));
            return;
        }
        long linkId = request.linkId();
        long parkedId = parked.nextId();
        ShardCall call =
                new ShardCall(
                        body,
                        request.apiVersion(),
                        request.clientId(),
                        "/" + request.clientAddress().getHostAddress(),
                        response -> {
                            parked.remove(linkId, parkedId);
                            reply.accept(response);
                        });
        parked.add(linkId, parkedId, new Parked(shard, call));
        shards.submit(shard, call);
    }

    /** A link is gone: nobody waits for what came over it. */
    void onLinkClosed(long linkId) {
        for (Parked gone : parked.removeLink(linkId)) {
            shards.abandon(gone.shard(), gone.call());
        }
    }

    private void createTopic() {
        if (!creating.compareAndSet(false, true)) {
            return;
        }
        topics.ensure(Topic.GROUP_METADATA_TOPIC_NAME)
                .whenComplete(
                        (topic, failure) -> {
                            creating.set(false);
                            if (failure != null) {
                                LOG.warn(
                                        "{} cannot be created now: {}",
                                        Topic.GROUP_METADATA_TOPIC_NAME,
                                        failure.getMessage());
                            }
                        });
    }
}
