package io.headrace.coordinator.handler.routing;

import io.headrace.coordinator.handler.ForwardedRequest;
import io.headrace.coordinator.metadata.InternalTopics;
import io.headrace.coordinator.shard.ErrorReplies;
import io.headrace.coordinator.shard.OwnedShards;
import io.headrace.coordinator.shard.ShardCall;

import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Brings requests to the shards of what they are about, by its id. Thread-safe. */
public class ShardRouter {
    private static final Logger LOG = LoggerFactory.getLogger(ShardRouter.class);

    /** Stands for "no shard yet": the topic does not exist. */
    private static final int NO_SHARD = -1;

    private final OwnedShards shards;
    private final InternalTopics topics;
    private final String topic;
    private final ErrorReplies errors;
    private final Set<String> creating = ConcurrentHashMap.newKeySet();

    /**
     * @param topics makes the shards' topic when a shard is first asked for
     * @param topic the name of that topic
     */
    public ShardRouter(
            OwnedShards shards, InternalTopics topics, String topic, ErrorReplies errors) {
        this.shards = shards;
        this.topics = topics;
        this.topic = topic;
        this.errors = errors;
    }

    public final OwnedShards shards() {
        return shards;
    }

    public final int shardOf(String id) {
        return shards.shardOf(id);
    }

    /** Whether a request for that shard is for this coordinator to answer. */
    public final boolean isOurs(int shard) {
        boolean ours = shard == NO_SHARD || shards.serves(shard);
        if (!ours) {
            topics.lookSoon();
        }
        return ours;
    }

    /**
     * Hands a request, or a part of one, to a shard.
     *
     * @param body what the shard is asked, of the request's API
     * @param reply takes the one answer
     */
    public final void route(
            ForwardedRequest request, int shard, ApiMessage body, Consumer<ApiMessage> reply) {
        route(request, shard, body, reply, null);
    }

    /**
     * Hands a whole request to a shard. If that one is another coordinator's by now and has done
     * nothing, the node that forwarded the request is told to ask there.
     */
    public final void route(ForwardedRequest request, int shard, ApiMessage body) {
        route(
                request,
                shard,
                body,
                request::reply,
                () -> {
                    topics.lookSoon();
                    request.refuse(Errors.NOT_COORDINATOR);
                });
    }

    private void route(
            ForwardedRequest request,
            int shard,
            ApiMessage body,
            Consumer<ApiMessage> reply,
            @Nullable Runnable redirect) {
        if (shard == NO_SHARD) {
            create(topic);
            reply.accept(
                    errors.reply(body, request.apiVersion(), Errors.COORDINATOR_NOT_AVAILABLE));
        } else {
            submit(request, shard, body, reply, redirect);
        }
    }

    /** Hands it to a shard that there is. */
    protected void submit(
            ForwardedRequest request,
            int shard,
            ApiMessage body,
            Consumer<ApiMessage> reply,
            @Nullable Runnable redirect) {
        shards.submit(shard, call(request, body, reply, redirect));
    }

    /** The request as a shard takes it. */
    protected static ShardCall call(
            ForwardedRequest request,
            ApiMessage body,
            Consumer<ApiMessage> reply,
            @Nullable Runnable redirect) {
        return new ShardCall(
                body,
                request.apiVersion(),
                request.clientId(),
                "/" + request.clientAddress().getHostAddress(),
                reply,
                redirect);
    }

    /** Has an internal topic made, unless that is under way; does not wait for it. */
    public final void create(String name) {
        if (!creating.add(name)) {
            return;
        }
        topics.ensure(name)
                .whenComplete(
                        (made, failure) -> {
                            creating.remove(name);
                            if (failure != null) {
                                LOG.warn(
                                        "{} cannot be created now: {}", name, failure.getMessage());
                            }
                        });
    }
}
