package io.headrace.coordinator.handler.transaction;

import io.headrace.coordinator.handler.ForwardedRequest;
import io.headrace.coordinator.metadata.InternalTopics;
import io.headrace.coordinator.shard.OwnedShards;
import io.headrace.coordinator.shard.ShardCall;
import io.headrace.coordinator.transaction.TransactionErrors;

import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Brings requests to the shards of their transactional ids. Thread-safe. */
final class TransactionRouter {
    private static final Logger LOG = LoggerFactory.getLogger(TransactionRouter.class);

    /** Stands for "no shard yet": the topic does not exist. */
    static final int NO_SHARD = -1;

    private final OwnedShards shards;
    private final InternalTopics topics;
    private final Set<String> creating = ConcurrentHashMap.newKeySet();

    TransactionRouter(OwnedShards shards, InternalTopics topics) {
        this.shards = shards;
        this.topics = topics;
    }

    OwnedShards shards() {
        return shards;
    }

    int shardOf(String transactionalId) {
        return shards.shardOf(transactionalId);
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
            create(Topic.TRANSACTION_STATE_TOPIC_NAME);
            reply.accept(
                    TransactionErrors.reply(
                            body, request.apiVersion(), Errors.COORDINATOR_NOT_AVAILABLE));
            return;
        }
        shards.submit(
                shard,
                new ShardCall(
                        body,
                        request.apiVersion(),
                        request.clientId(),
                        "/" + request.clientAddress().getHostAddress(),
                        reply));
    }

    /** Has an internal topic made, unless that is under way; does not wait for it. */
    void create(String name) {
        if (!creating.add(name)) {
            return;
        }
        topics.ensure(name)
                .whenComplete(
                        (topic, failure) -> {
                            creating.remove(name);
                            if (failure != null) {
                                LOG.warn(
                                        "{} cannot be created now: {}", name, failure.getMessage());
                            }
                        });
    }
}
