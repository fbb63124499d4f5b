package io.headrace.coordinator.shard;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.message.ShardReadCheckRequestData;
import io.headrace.protocol.message.ShardReadCheckRequestData.CheckedShard;
import io.headrace.protocol.message.ShardReadCheckResponseData;
import io.headrace.protocol.metadata.NodeImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Asks leader nodes whether shards' owners are unfenced: one request a node in flight at a time,
 * the next carries every shard that asked meanwhile. Thread-safe.
 */
final class ReadChecks {
    private static final ApiSchema API = ApiCatalog.get(ApiCatalog.SHARD_READ_CHECK);
    private static final short VERSION = 0;

    private final StorageLinks links;
    private final Map<Integer, Node> nodes = new HashMap<>();

    private record Question(
            Uuid topicId, int partition, int shardEpoch, CompletableFuture<Errors> answer) {}

    /** The questions to a node; guarded by itself. */
    private static final class Node {
        private List<Question> waiting = new ArrayList<>();
        private boolean inFlight;
    }

    ReadChecks(StorageLinks links) {
        this.links = links;
    }

    CompletableFuture<Errors> check(NodeImage leader, Uuid topicId, int partition, int shardEpoch) {
        Question question = new Question(topicId, partition, shardEpoch, new CompletableFuture<>());
        Node node;
        synchronized (nodes) {
            node = nodes.computeIfAbsent(leader.nodeId(), id -> new Node());
        }
        synchronized (node) {
            node.waiting.add(question);
        }
        askNext(node, leader);
        return question.answer();
    }

    private void askNext(Node node, NodeImage leader) {
        List<Question> asked;
        synchronized (node) {
            if (node.inFlight || node.waiting.isEmpty()) {
                return;
            }
            node.inFlight = true;
            asked = node.waiting;
            node.waiting = new ArrayList<>();
        }
        ShardReadCheckRequestData request = new ShardReadCheckRequestData();
        for (Question question : asked) {
            request.shards()
                    .add(
                            new CheckedShard()
                                    .setTopicId(question.topicId())
                                    .setPartition(question.partition())
                                    .setShardEpoch(question.shardEpoch()));
        }
        links.to(leader)
                .thenCompose(
                        channel ->
                                channel.call(
                                        API, VERSION, request, ShardReadCheckResponseData.class))
                .whenComplete(
                        (response, failure) -> {
                            synchronized (node) {
                                node.inFlight = false;
                            }
                            answer(asked, response, failure);
                            askNext(node, leader);
                        });
    }

    private static void answer(
            List<Question> asked,
            @Nullable ShardReadCheckResponseData response,
            @Nullable Throwable failure) {
        if (response == null || response.shards().size() != asked.size()) {
            Throwable cause =
                    failure == null
                            ? new IllegalStateException("Not as many verdicts as shards")
                            : failure;
            asked.forEach(question -> question.answer().completeExceptionally(cause));
            return;
        }
        for (int i = 0; i < asked.size(); i++) {
            asked.get(i).answer().complete(Errors.forCode(response.shards().get(i).errorCode()));
        }
    }
}
