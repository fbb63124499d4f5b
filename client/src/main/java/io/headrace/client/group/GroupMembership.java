package io.headrace.client.group;

import io.headrace.client.connection.Backoff;
import io.headrace.client.connection.Connections;
import io.headrace.client.connection.Failures;
import io.headrace.client.connection.NodeConnection;
import io.headrace.client.consume.CommittedOffset;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.error.ServerErrorException;
import io.headrace.client.group.ConsumerProtocol.MemberSubscription;
import io.headrace.client.metadata.ClusterView.TopicView;
import io.headrace.client.metadata.Coordinators;
import io.headrace.client.metadata.Metadata;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.JoinGroupResponseData.JoinGroupResponseMember;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * The membership of one consumer in a classic group. Confined to its loop.
 *
 * <pre>
 *   OUT --find coordinator--> JOINING --JoinGroup, SyncGroup--> STABLE --heartbeats--+
 *    ^                          ^                                  |                |
 *    |                          +---- REBALANCE_IN_PROGRESS -------+<---------------+
 *    +---- UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, coordinator lost -+
 * </pre>
 *
 * <p>With eager assignors everything is given up before joining; with cooperative ones only what
 * the new assignment takes away, and then the member joins once more (KIP-429).
 */
final class GroupMembership {
    /** What the owner does when partitions come and go; each step is awaited. */
    interface Owner {
        CompletableFuture<Void> onAssigned(Set<TopicPartition> added);

        CompletableFuture<Void> onRevoked(Set<TopicPartition> removed);

        CompletableFuture<Void> onLost(Set<TopicPartition> removed);

        void onFatal(HeadraceException failure);
    }

    private static final Duration CHECK_TOPICS = Duration.ofSeconds(5);

    private final GroupOptions options;
    private final Connections connections;
    private final Metadata metadata;
    private final Coordinators coordinators;
    private final Loop loop;
    private final String lane;
    private final Owner owner;
    private final GroupRequests requests;
    private final Backoff backoff;
    private final boolean cooperative;

    private volatile String memberId = "";
    private volatile Set<TopicPartition> assigned = Set.of();
    private int generation = -1;
    private int round;
    private int failures;
    private boolean stable;
    private boolean leader;
    private boolean closed;
    private @Nullable NodeConnection coordinator;
    private Map<String, Integer> topicCounts = Map.of();

    GroupMembership(
            GroupOptions options,
            Connections connections,
            Metadata metadata,
            Loop loop,
            String lane,
            Owner owner) {
        this.options = options;
        this.connections = connections;
        this.metadata = metadata;
        this.coordinators = new Coordinators(metadata);
        this.loop = loop;
        this.lane = lane;
        this.owner = owner;
        this.requests = new GroupRequests(options);
        this.backoff =
                new Backoff(
                        connections.options().retryBackoff(),
                        connections.options().retryBackoffMax());
        this.cooperative = options.assignors().stream().allMatch(Assignor::isCooperative);
    }

    String memberId() {
        return memberId;
    }

    Set<TopicPartition> assigned() {
        return assigned;
    }

    void start() {
        rejoin();
        scheduleTopicCheck();
    }

    /** Ends the current round, gives up what must be given up, and joins. */
    private void rejoin() {
        int mine = ++round;
        stable = false;
        CompletableFuture<Void> ready =
                cooperative || assigned.isEmpty()
                        ? CompletableFuture.completedFuture(null)
                        : giveUp(assigned, false);
        ready.thenCompose(nothing -> countTopics())
                .thenCompose(counts -> connected())
                .thenCompose(connection -> join(mine, connection))
                .whenCompleteAsync((nothing, failure) -> onRound(mine, failure), loop);
    }

    private void onRound(int mine, @Nullable Throwable failure) {
        if (closed || mine != round) {
            return;
        }
        if (failure == null) {
            failures = 0;
            return;
        }
        onError(Failures.of(failure, "Joining group " + options.groupId()));
    }

    /** What a failed request means for the membership. */
    private void onError(HeadraceException failure) {
        if (closed) {
            return;
        }
        switch (failure.error()) {
            case REBALANCE_IN_PROGRESS -> rejoin();
            case MEMBER_ID_REQUIRED -> rejoin();
            case UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION -> {
                if (failure.error() == Errors.UNKNOWN_MEMBER_ID) {
                    memberId = "";
                }
                generation = -1;
                giveUp(assigned, true).whenCompleteAsync((n, f) -> rejoin(), loop);
            }
            default -> {
                if (!failure.retriable()) {
                    owner.onFatal(failure);
                    return;
                }
                if (Coordinators.isMoved(failure)) {
                    coordinator = null;
                }
                failures++;
                int mine = round;
                loop.schedule(
                        () -> {
                            if (!closed && mine == round) {
                                rejoin();
                            }
                        },
                        backoff.delayMs(failures));
            }
        }
    }

    private CompletableFuture<Void> giveUp(Set<TopicPartition> partitions, boolean lost) {
        if (partitions.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        Set<TopicPartition> left = new HashSet<>(assigned);
        left.removeAll(partitions);
        return (lost ? owner.onLost(partitions) : owner.onRevoked(partitions))
                .thenRunAsync(() -> assigned = Set.copyOf(left), loop);
    }

    /** The partitions of the subscribed topics that exist. */
    private CompletableFuture<Map<String, Integer>> countTopics() {
        CompletableFuture<Map<String, TopicView>> topics =
                switch (options.subscription()) {
                    case Subscription.Topics(Set<String> names) -> metadata.topics(names);
                    case Subscription.Matching(var pattern) ->
                            metadata.allTopics()
                                    .thenApply(
                                            all -> {
                                                all.values()
                                                        .removeIf(
                                                                topic ->
                                                                        topic.internal()
                                                                                || !pattern.matcher(
                                                                                                topic
                                                                                                        .name())
                                                                                        .matches());
                                                return all;
                                            });
                };
        return topics.thenApplyAsync(
                found -> {
                    Map<String, Integer> counts = new HashMap<>();
                    for (TopicView topic : found.values()) {
                        if (topic.error() == Errors.NONE) {
                            counts.put(topic.name(), topic.partitions().size());
                        } else if (topic.error() == Errors.TOPIC_AUTHORIZATION_FAILED) {
                            throw ServerErrorException.of(
                                    topic.error(), "Subscribing to " + topic.name(), null);
                        }
                    }
                    topicCounts = counts;
                    return counts;
                },
                loop);
    }

    private Set<String> subscribedTopics() {
        return switch (options.subscription()) {
            case Subscription.Topics(Set<String> names) -> names;
            case Subscription.Matching(var pattern) -> topicCounts.keySet();
        };
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
            NodeConnection connection, ApiKeys api, ApiMessage request, Class<T> answer) {
        Duration timeout = connections.options().requestTimeout();
        boolean waits = api == ApiKeys.JOIN_GROUP || api == ApiKeys.SYNC_GROUP;
        return connection.call(
                api,
                GroupRequests.version(connection, api),
                request,
                answer,
                waits ? timeout.plus(options.rebalanceTimeout()) : timeout);
    }

    private CompletableFuture<Void> join(int mine, NodeConnection connection) {
        MemberSubscription subscription =
                new MemberSubscription(subscribedTopics(), assigned, generation);
        return call(
                        connection,
                        ApiKeys.JOIN_GROUP,
                        requests.join(memberId, subscription),
                        JoinGroupResponseData.class)
                .thenComposeAsync(
                        answer -> {
                            Errors error = Errors.forCode(answer.errorCode());
                            if (error == Errors.MEMBER_ID_REQUIRED || error == Errors.NONE) {
                                memberId = answer.memberId();
                            }
                            require(error, "Joining group " + options.groupId());
                            return sync(mine, connection, answer);
                        },
                        loop);
    }

    private static void require(Errors error, String what) {
        if (error != Errors.NONE) {
            throw ServerErrorException.of(error, what, null);
        }
    }

    private CompletableFuture<Void> sync(
            int mine, NodeConnection connection, JoinGroupResponseData joined) {
        leader = joined.leader().equals(joined.memberId());
        boolean assigns = leader && !joined.skipAssignment();
        CompletableFuture<Map<String, List<TopicPartition>>> plan =
                assigns ? plan(joined) : CompletableFuture.completedFuture(Map.of());
        return plan.thenCompose(
                        assignment ->
                                call(
                                        connection,
                                        ApiKeys.SYNC_GROUP,
                                        requests.sync(
                                                memberId,
                                                joined.generationId(),
                                                joined.protocolName(),
                                                assignment),
                                        SyncGroupResponseData.class))
                .thenComposeAsync(
                        answer -> {
                            require(
                                    Errors.forCode(answer.errorCode()),
                                    "Synchronising with group " + options.groupId());
                            return closed || mine != round
                                    ? CompletableFuture.completedFuture(null)
                                    : apply(
                                            mine,
                                            joined.generationId(),
                                            decode(answer.assignment()));
                        },
                        loop);
    }

    private static Set<TopicPartition> decode(byte[] assignment) {
        try {
            return ConsumerProtocol.decodeAssignment(assignment);
        } catch (MalformedFrameException e) {
            throw Failures.of(e, "Reading the assignment");
        }
    }

    /** The leader's part: divides the partitions of all that members subscribe to. */
    private CompletableFuture<Map<String, List<TopicPartition>>> plan(
            JoinGroupResponseData joined) {
        Map<String, MemberSubscription> members = new HashMap<>();
        Set<String> topics = new HashSet<>();
        for (JoinGroupResponseMember member : joined.members()) {
            try {
                MemberSubscription subscription =
                        ConsumerProtocol.decodeSubscription(member.metadata());
                members.put(member.memberId(), subscription);
                topics.addAll(subscription.topics());
            } catch (MalformedFrameException e) {
                throw Failures.of(e, "Reading the subscription of " + member.memberId());
            }
        }
        Assignor assignor =
                options.assignors().stream()
                        .filter(a -> a.protocolName().equals(joined.protocolName()))
                        .findFirst()
                        .orElseThrow(
                                () ->
                                        ServerErrorException.of(
                                                Errors.INCONSISTENT_GROUP_PROTOCOL,
                                                "Leading group " + options.groupId(),
                                                "it chose " + joined.protocolName()));
        return metadata.topics(topics)
                .thenApply(
                        views -> {
                            Map<String, Integer> counts = new HashMap<>();
                            views.values()
                                    .forEach(
                                            topic ->
                                                    counts.put(
                                                            topic.name(),
                                                            topic.partitions().size()));
                            return Assignors.assign(assignor, members, counts);
                        });
    }

    private CompletableFuture<Void> apply(int mine, int newGeneration, Set<TopicPartition> target) {
        generation = newGeneration;
        Set<TopicPartition> removed = new HashSet<>(assigned);
        removed.removeAll(target);
        Set<TopicPartition> added = new HashSet<>(target);
        added.removeAll(assigned);
        stable = true;
        scheduleHeartbeat(mine);
        return giveUp(removed, false)
                .thenComposeAsync(
                        nothing -> {
                            assigned = Set.copyOf(target);
                            return owner.onAssigned(added);
                        },
                        loop)
                .thenRunAsync(
                        () -> {
                            if (!removed.isEmpty() && !closed && mine == round) {
                                rejoin(); // What was given up can go to others now.
                            }
                        },
                        loop);
    }

    private void scheduleHeartbeat(int mine) {
        loop.schedule(() -> heartbeat(mine), options.heartbeatInterval().toMillis());
    }

    private void heartbeat(int mine) {
        NodeConnection connection = coordinator;
        if (closed || mine != round || !stable) {
            return;
        }
        if (connection == null || !connection.isOpen()) {
            coordinator = null;
            rejoinKeeping(mine);
            return;
        }
        call(
                        connection,
                        ApiKeys.HEARTBEAT,
                        requests.heartbeat(memberId, generation),
                        HeartbeatResponseData.class)
                .whenCompleteAsync(
                        (answer, failure) -> {
                            if (closed || mine != round) {
                                return;
                            }
                            Errors error =
                                    answer == null
                                            ? Errors.NETWORK_EXCEPTION
                                            : Errors.forCode(answer.errorCode());
                            switch (error) {
                                case NONE, COORDINATOR_LOAD_IN_PROGRESS -> scheduleHeartbeat(mine);
                                case NETWORK_EXCEPTION,
                                        NOT_COORDINATOR,
                                        COORDINATOR_NOT_AVAILABLE -> {
                                    coordinator = null;
                                    rejoinKeeping(mine);
                                }
                                default ->
                                        onError(
                                                ServerErrorException.of(
                                                        error,
                                                        "The heartbeat to group "
                                                                + options.groupId(),
                                                        null));
                            }
                        },
                        loop);
    }

    /** Finds the coordinator again and goes on with the same generation. */
    private void rejoinKeeping(int mine) {
        connected()
                .whenCompleteAsync(
                        (connection, failure) -> {
                            if (closed || mine != round) {
                                return;
                            }
                            failures = failure == null ? 0 : failures + 1;
                            loop.schedule(
                                    () -> heartbeat(mine),
                                    failure == null ? 0 : backoff.delayMs(failures));
                        },
                        loop);
    }

    private void scheduleTopicCheck() {
        loop.schedule(this::checkTopics, CHECK_TOPICS.toMillis());
    }

    /** Joins again when the subscribed topics or their partitions have changed. */
    private void checkTopics() {
        if (closed) {
            return;
        }
        Map<String, Integer> before = topicCounts;
        boolean asks =
                stable && (leader || options.subscription() instanceof Subscription.Matching);
        if (!asks) {
            scheduleTopicCheck();
            return;
        }
        int mine = round;
        countTopics()
                .whenCompleteAsync(
                        (counts, failure) -> {
                            if (!closed
                                    && mine == round
                                    && failure == null
                                    && !counts.equals(before)) {
                                rejoin();
                            }
                            scheduleTopicCheck();
                        },
                        loop);
    }

    /** Commits as this member; fails with the first partition's error. */
    CompletableFuture<Void> commit(Map<TopicPartition, CommittedOffset> offsets) {
        if (offsets.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        return connected()
                .thenComposeAsync(
                        connection ->
                                call(
                                        connection,
                                        ApiKeys.OFFSET_COMMIT,
                                        requests.commit(memberId, generation, offsets),
                                        OffsetCommitResponseData.class),
                        loop)
                .thenAccept(
                        answer ->
                                answer.topics()
                                        .forEach(
                                                topic ->
                                                        topic.partitions()
                                                                .forEach(
                                                                        part ->
                                                                                require(
                                                                                        Errors
                                                                                                .forCode(
                                                                                                        part
                                                                                                                .errorCode()),
                                                                                        "Committing"
                                                                                            + " to "
                                                                                                + topic
                                                                                                        .name()
                                                                                                + "-"
                                                                                                + part
                                                                                                        .partitionIndex()))));
    }

    /** The committed offsets of partitions. */
    CompletableFuture<Map<TopicPartition, CommittedOffset>> committed(
            Collection<TopicPartition> partitions) {
        if (partitions.isEmpty()) {
            return CompletableFuture.completedFuture(Map.of());
        }
        return connected()
                .thenComposeAsync(
                        connection ->
                                call(
                                        connection,
                                        ApiKeys.OFFSET_FETCH,
                                        requests.committed(partitions),
                                        OffsetFetchResponseData.class),
                        loop)
                .thenApply(
                        answer -> {
                            OffsetFetchResponseData.OffsetFetchResponseGroup group =
                                    answer.groups().getFirst();
                            require(
                                    Errors.forCode(group.errorCode()),
                                    "Looking up offsets of " + options.groupId());
                            group.topics()
                                    .forEach(
                                            topic ->
                                                    topic.partitions()
                                                            .forEach(
                                                                    part ->
                                                                            require(
                                                                                    Errors.forCode(
                                                                                            part
                                                                                                    .errorCode()),
                                                                                    "Looking up an"
                                                                                        + " offset"
                                                                                        + " of "
                                                                                            + topic
                                                                                                    .name())));
                            return GroupRequests.decode(group);
                        });
    }

    /** Stops heartbeats and leaves the group if so wished. */
    CompletableFuture<Void> leave() {
        closed = true;
        round++;
        NodeConnection connection = coordinator;
        boolean leaves =
                options.leaveOnClose() && options.instanceId().isEmpty() && !memberId.isEmpty();
        CompletableFuture<Void> left =
                leaves && connection != null && connection.isOpen()
                        ? call(
                                        connection,
                                        ApiKeys.LEAVE_GROUP,
                                        requests.leave(memberId),
                                        LeaveGroupResponseData.class)
                                .thenAccept(answer -> {})
                        : CompletableFuture.completedFuture(null);
        return left.whenComplete((nothing, failure) -> connections.closeLane(lane));
    }

    static List<TopicPartition> list(Collection<TopicPartition> partitions) {
        return new ArrayList<>(partitions);
    }
}
