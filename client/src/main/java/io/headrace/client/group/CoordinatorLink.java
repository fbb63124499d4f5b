package io.headrace.client.group;

import io.headrace.client.connection.Connections;
import io.headrace.client.connection.Failures;
import io.headrace.client.connection.NodeConnection;
import io.headrace.client.consume.CommittedOffset;
import io.headrace.client.error.DeadlineExceededException;
import io.headrace.client.error.ServerErrorException;
import io.headrace.client.group.ConsumerProtocol.MemberSubscription;
import io.headrace.client.metadata.Coordinators;
import io.headrace.client.metadata.Metadata;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetCommitResponseData.OffsetCommitResponsePartition;
import org.apache.kafka.common.message.OffsetCommitResponseData.OffsetCommitResponseTopic;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponsePartitions;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseTopics;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * One member's requests to its group's coordinator, over a connection of their own. The coordinator
 * is looked for again after it has moved or its connection was lost. Confined to its loop; every
 * call but {@link #join} fails on an error code.
 */
final class CoordinatorLink {
    private final GroupOptions options;
    private final Connections connections;
    private final Coordinators coordinators;
    private final Loop loop;
    private final String lane;
    private final GroupRequests requests;
    private @Nullable NodeConnection coordinator;

    CoordinatorLink(
            GroupOptions options,
            Connections connections,
            Metadata metadata,
            Loop loop,
            String lane) {
        this.options = options;
        this.connections = connections;
        this.coordinators = new Coordinators(metadata);
        this.loop = loop;
        this.lane = lane;
        this.requests = new GroupRequests(options);
    }

    /** Whether the coordinator is known and connected. */
    boolean isConnected() {
        NodeConnection known = coordinator;
        return known != null && known.isOpen();
    }

    /** Waits for as long as the other members may take to join; fails only on lost requests. */
    CompletableFuture<JoinGroupResponseData> join(
            String memberId, MemberSubscription subscription) {
        return call(
                ApiKeys.JOIN_GROUP,
                requests.join(memberId, subscription),
                JoinGroupResponseData.class,
                rebalanceTimeout());
    }

    CompletableFuture<byte[]> sync(
            String memberId,
            int generation,
            @Nullable String protocol,
            Map<String, List<TopicPartition>> assignment) {
        return call(
                        ApiKeys.SYNC_GROUP,
                        requests.sync(memberId, generation, protocol, assignment),
                        SyncGroupResponseData.class,
                        rebalanceTimeout())
                .thenApply(
                        answer -> {
                            require(answer.errorCode(), "Synchronising with group");
                            return answer.assignment();
                        });
    }

    CompletableFuture<Void> heartbeat(String memberId, int generation) {
        return watched(
                call(
                                ApiKeys.HEARTBEAT,
                                requests.heartbeat(memberId, generation),
                                HeartbeatResponseData.class,
                                requestTimeout())
                        .thenAccept(
                                answer -> require(answer.errorCode(), "The heartbeat to group")));
    }

    /** Fails with the first partition's error. */
    CompletableFuture<Void> commit(
            String memberId, int generation, Map<TopicPartition, CommittedOffset> offsets) {
        return watched(
                call(
                                ApiKeys.OFFSET_COMMIT,
                                requests.commit(memberId, generation, offsets),
                                OffsetCommitResponseData.class,
                                requestTimeout())
                        .thenAccept(this::requireCommitted));
    }

    private void requireCommitted(OffsetCommitResponseData answer) {
        for (OffsetCommitResponseTopic topic : answer.topics()) {
            for (OffsetCommitResponsePartition part : topic.partitions()) {
                require(
                        part.errorCode(),
                        "Committing to %s-%d for group"
                                .formatted(topic.name(), part.partitionIndex()));
            }
        }
    }

    /** The committed offsets of partitions; none for those without. */
    CompletableFuture<Map<TopicPartition, CommittedOffset>> committed(
            Collection<TopicPartition> partitions) {
        if (partitions.isEmpty()) {
            return CompletableFuture.completedFuture(Map.of());
        }
        return watched(
                call(
                                ApiKeys.OFFSET_FETCH,
                                requests.committed(partitions),
                                OffsetFetchResponseData.class,
                                requestTimeout())
                        .thenApply(this::readCommitted));
    }

    private Map<TopicPartition, CommittedOffset> readCommitted(OffsetFetchResponseData answer) {
        OffsetFetchResponseData.OffsetFetchResponseGroup group = answer.groups().getFirst();
        require(group.errorCode(), "Looking up offsets of group");
        for (OffsetFetchResponseTopics topic : group.topics()) {
            for (OffsetFetchResponsePartitions part : topic.partitions()) {
                require(
                        part.errorCode(),
                        "Looking up the offset of %s-%d for group"
                                .formatted(topic.name(), part.partitionIndex()));
            }
        }
        return GroupRequests.decode(group);
    }

    CompletableFuture<Void> leave(String memberId) {
        return call(
                        ApiKeys.LEAVE_GROUP,
                        requests.leave(memberId),
                        LeaveGroupResponseData.class,
                        requestTimeout())
                .thenAccept(answer -> require(answer.errorCode(), "Leaving group"));
    }

    /** Takes in why a request failed: after some failures the coordinator is looked for again. */
    void onFailure(Throwable failure) {
        if (Coordinators.isMoved(failure)) {
            coordinator = null;
        } else if (failure instanceof DeadlineExceededException) {
            close(); // A connection that answers nothing is not used again.
        }
    }

    /** Closes its connection; the next request opens another. */
    void close() {
        coordinator = null;
        connections.closeLane(lane);
    }

    private <T> CompletableFuture<T> watched(CompletableFuture<T> answer) {
        return answer.whenCompleteAsync(
                (value, failure) -> {
                    if (failure != null) {
                        onFailure(Failures.of(failure, ""));
                    }
                },
                loop);
    }

    private void require(short errorCode, String what) {
        Errors error = Errors.forCode(errorCode);
        if (error != Errors.NONE) {
            throw ServerErrorException.of(error, what + " " + options.groupId(), null);
        }
    }

    private Duration requestTimeout() {
        return connections.options().requestTimeout();
    }

    private Duration rebalanceTimeout() {
        return requestTimeout().plus(options.rebalanceTimeout());
    }

    private CompletableFuture<NodeConnection> connected() {
        NodeConnection known = coordinator;
        if (known != null && known.isOpen()) {
            return CompletableFuture.completedFuture(known);
        }
        return coordinators
                .find(options.groupId())
                .thenCompose(node -> connections.get(node.address(), lane))
                .thenApplyAsync(
                        connection -> {
                            coordinator = connection;
                            return connection;
                        },
                        loop);
    }

    private <T extends ApiMessage> CompletableFuture<T> call(
            ApiKeys api, ApiMessage request, Class<T> answer, Duration timeout) {
        return connected()
                .thenCompose(
                        connection ->
                                connection.call(
                                        api,
                                        GroupRequests.version(connection, api),
                                        request,
                                        answer,
                                        timeout));
    }
}
