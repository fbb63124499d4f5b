package io.headrace.client.admin;

import io.headrace.client.admin.GroupLag.PartitionLag;
import io.headrace.client.connection.NodeConnection;
import io.headrace.client.consume.CommittedOffset;
import io.headrace.client.consume.FoundOffset;
import io.headrace.client.consume.IsolationLevel;
import io.headrace.client.consume.OffsetLookup;
import io.headrace.client.consume.Position;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteGroupsResponseData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteResponseData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseGroup;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import reactor.core.publisher.Mono;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Administration of groups and their offsets. */
final class GroupAdmin {
    /** Later versions name topics by id only. */
    private static final short LAST_VERSION_WITH_NAMES = 9;

    private final AdminCalls calls;
    private final OffsetLookup offsets;
    private final ShareGroupCalls shareGroups;

    GroupAdmin(AdminCalls calls, OffsetLookup offsets) {
        this.calls = calls;
        this.shareGroups = new ShareGroupCalls(calls);
        this.offsets = offsets;
    }

    Mono<Map<String, Outcome<GroupDescription>>> describe(Collection<String> groupIds) {
        return calls.groups("Describing groups", groupIds, new GroupDescriber(calls)::describe);
    }

    Mono<Map<String, Outcome<Completed>>> delete(Collection<String> groupIds) {
        return calls.groups(
                "Deleting groups",
                groupIds,
                (coordinator, nodeId, mine) -> {
                    DeleteGroupsRequestData request = new DeleteGroupsRequestData();
                    request.groupsNames().addAll(mine);
                    return coordinator
                            .call(
                                    ApiKeys.DELETE_GROUPS,
                                    request,
                                    DeleteGroupsResponseData.class,
                                    calls.timeout())
                            .thenApply(
                                    answer -> {
                                        Map<String, Outcome<Completed>> outcomes = new HashMap<>();
                                        answer.results()
                                                .forEach(
                                                        result ->
                                                                outcomes.put(
                                                                        result.groupId(),
                                                                        AdminCalls.outcome(
                                                                                result.errorCode(),
                                                                                "Deleting group "
                                                                                        + result
                                                                                                .groupId(),
                                                                                null,
                                                                                () ->
                                                                                        Completed
                                                                                                .COMPLETED)));
                                        return outcomes;
                                    });
                });
    }

    Mono<Map<String, Outcome<Map<TopicPartition, CommittedOffset>>>> committed(
            Collection<String> groupIds) {
        return calls.groups(
                "Looking up committed offsets",
                groupIds,
                (coordinator, nodeId, mine) -> {
                    OffsetFetchRequestData request = new OffsetFetchRequestData();
                    mine.forEach(
                            group ->
                                    request.groups()
                                            .add(
                                                    new OffsetFetchRequestGroup()
                                                            .setGroupId(group)
                                                            .setTopics(null)));
                    short version =
                            coordinator
                                    .ranges()
                                    .version(ApiKeys.OFFSET_FETCH, LAST_VERSION_WITH_NAMES);
                    return coordinator
                            .call(
                                    ApiKeys.OFFSET_FETCH,
                                    version,
                                    request,
                                    OffsetFetchResponseData.class,
                                    calls.timeout())
                            .thenApply(GroupAdmin::committed);
                });
    }

    private static Map<String, Outcome<Map<TopicPartition, CommittedOffset>>> committed(
            OffsetFetchResponseData answer) {
        Map<String, Outcome<Map<TopicPartition, CommittedOffset>>> outcomes = new HashMap<>();
        for (OffsetFetchResponseGroup group : answer.groups()) {
            outcomes.put(
                    group.groupId(),
                    AdminCalls.outcome(
                            group.errorCode(),
                            "Looking up offsets of group " + group.groupId(),
                            null,
                            () -> committed(group)));
        }
        return outcomes;
    }

    private static Map<TopicPartition, CommittedOffset> committed(OffsetFetchResponseGroup group) {
        Map<TopicPartition, CommittedOffset> committed = new HashMap<>();
        group.topics()
                .forEach(
                        topic ->
                                topic.partitions().stream()
                                        .filter(p -> p.errorCode() == 0)
                                        .filter(p -> p.committedOffset() >= 0)
                                        .forEach(
                                                p ->
                                                        committed.put(
                                                                new TopicPartition(
                                                                        topic.name(),
                                                                        p.partitionIndex()),
                                                                new CommittedOffset(
                                                                        p.committedOffset(),
                                                                        p.committedLeaderEpoch(),
                                                                        p.metadata() == null
                                                                                ? ""
                                                                                : p.metadata()))));
        return committed;
    }

    Mono<Map<String, Outcome<GroupLag>>> lags(Collection<String> groupIds) {
        return committed(groupIds).flatMap(this::lags).flatMap(this::withShareGroups);
    }

    /** Groups that have committed nothing may be share groups, which are asked in another way. */
    private Mono<Map<String, Outcome<GroupLag>>> withShareGroups(
            Map<String, Outcome<GroupLag>> lags) {
        List<String> open = new ArrayList<>();
        lags.forEach(
                (group, outcome) -> {
                    if (outcome instanceof Outcome.Done<GroupLag>(GroupLag lag)
                            && lag.partitions().isEmpty()) {
                        open.add(group);
                    }
                });
        if (open.isEmpty()) {
            return Mono.just(lags);
        }
        return calls.groups(
                        "Looking up offsets of share groups",
                        open,
                        (coordinator, nodeId, mine) -> shareGroups.lags(coordinator, mine))
                .map(
                        found -> {
                            found.values().removeIf(outcome -> !outcome.isDone());
                            lags.putAll(found);
                            return lags;
                        });
    }

    private Mono<Map<String, Outcome<GroupLag>>> lags(
            Map<String, Outcome<Map<TopicPartition, CommittedOffset>>> committed) {
        Map<TopicPartition, Position> ends = new HashMap<>();
        committed
                .values()
                .forEach(
                        outcome -> {
                            if (outcome
                                    instanceof
                                    Outcome.Done<Map<TopicPartition, CommittedOffset>>(var known)) {
                                known.keySet().forEach(p -> ends.put(p, Position.latest()));
                            }
                        });
        return Mono.fromFuture(() -> offsets.find(ends, IsolationLevel.READ_UNCOMMITTED), true)
                .map(
                        answers -> {
                            Map<String, Outcome<GroupLag>> lags = new HashMap<>();
                            committed.forEach(
                                    (group, outcome) ->
                                            lags.put(
                                                    group,
                                                    outcome.map(
                                                            known ->
                                                                    lag(
                                                                            group,
                                                                            known,
                                                                            answers.values()))));
                            return lags;
                        });
    }

    private static GroupLag lag(
            String groupId,
            Map<TopicPartition, CommittedOffset> committed,
            Map<TopicPartition, FoundOffset> ends) {
        Map<TopicPartition, PartitionLag> lags = new HashMap<>();
        committed.forEach(
                (partition, offset) -> {
                    FoundOffset end = ends.get(partition);
                    lags.put(
                            partition,
                            end == null
                                    ? new PartitionLag(offset, -1, -1)
                                    : new PartitionLag(
                                            offset,
                                            end.offset(),
                                            Math.max(0, end.offset() - offset.offset())));
                });
        return new GroupLag(groupId, lags);
    }

    Mono<Map<TopicPartition, Outcome<Completed>>> alterOffsets(
            String groupId, Map<TopicPartition, CommittedOffset> commits) {
        return single(groupId, coordinator -> commit(coordinator, groupId, commits));
    }

    private CompletableFuture<Map<TopicPartition, Outcome<Completed>>> commit(
            NodeConnection coordinator,
            String groupId,
            Map<TopicPartition, CommittedOffset> commits) {
        short version =
                coordinator.ranges().version(ApiKeys.OFFSET_COMMIT, LAST_VERSION_WITH_NAMES);
        return coordinator
                .call(
                        ApiKeys.OFFSET_COMMIT,
                        version,
                        encode(groupId, commits),
                        OffsetCommitResponseData.class,
                        calls.timeout())
                .thenApply(GroupAdmin::requireCoordinator)
                .thenCompose(
                        answer ->
                                isOfShareGroup(answer)
                                        ? shareGroups.alter(coordinator, groupId, commits)
                                        : CompletableFuture.completedFuture(outcomes(answer)));
    }

    /** A commit for a group that is not there makes it, unless it is a share group. */
    private static boolean isOfShareGroup(OffsetCommitResponseData answer) {
        return answer.topics().stream()
                .flatMap(topic -> topic.partitions().stream())
                .anyMatch(part -> part.errorCode() == Errors.GROUP_ID_NOT_FOUND.code());
    }

    private static Map<TopicPartition, Outcome<Completed>> outcomes(
            OffsetCommitResponseData answer) {
        Map<TopicPartition, Outcome<Completed>> outcomes = new HashMap<>();
        for (var topic : answer.topics()) {
            for (var part : topic.partitions()) {
                put(outcomes, topic.name(), part.partitionIndex(), part.errorCode());
            }
        }
        return outcomes;
    }

    /** A coordinator that is loading or has moved says so for each partition: asked again. */
    private static OffsetCommitResponseData requireCoordinator(OffsetCommitResponseData answer) {
        answer.topics()
                .forEach(
                        topic ->
                                topic.partitions().stream()
                                        .map(part -> Errors.forCode(part.errorCode()))
                                        .filter(GroupAdmin::isOfCoordinator)
                                        .forEach(
                                                error ->
                                                        AdminCalls.require(
                                                                error.code(),
                                                                "Committing offsets",
                                                                null)));
        return answer;
    }

    private static boolean isOfCoordinator(Errors error) {
        return switch (error) {
            case NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE, COORDINATOR_LOAD_IN_PROGRESS -> true;
            default -> false;
        };
    }

    private static OffsetCommitRequestData encode(
            String groupId, Map<TopicPartition, CommittedOffset> commits) {
        Map<String, OffsetCommitRequestData.OffsetCommitRequestTopic> topics = new HashMap<>();
        commits.forEach(
                (partition, commit) ->
                        topics.computeIfAbsent(
                                        partition.topic(),
                                        t ->
                                                new OffsetCommitRequestData
                                                                .OffsetCommitRequestTopic()
                                                        .setName(t))
                                .partitions()
                                .add(
                                        new OffsetCommitRequestData.OffsetCommitRequestPartition()
                                                .setPartitionIndex(partition.partition())
                                                .setCommittedOffset(commit.offset())
                                                .setCommittedLeaderEpoch(commit.leaderEpoch())
                                                .setCommittedMetadata(commit.metadata())));
        return new OffsetCommitRequestData()
                .setGroupId(groupId)
                .setTopics(List.copyOf(topics.values()));
    }

    Mono<Map<TopicPartition, Outcome<Completed>>> deleteOffsets(
            String groupId, Set<TopicPartition> partitions) {
        OffsetDeleteRequestData request = new OffsetDeleteRequestData().setGroupId(groupId);
        for (TopicPartition partition : partitions) {
            var topic = request.topics().find(partition.topic());
            if (topic == null) {
                topic =
                        new OffsetDeleteRequestData.OffsetDeleteRequestTopic()
                                .setName(partition.topic());
                request.topics().add(topic);
            }
            topic.partitions()
                    .add(
                            new OffsetDeleteRequestData.OffsetDeleteRequestPartition()
                                    .setPartitionIndex(partition.partition()));
        }
        return this.<OffsetDeleteResponseData>single(
                        groupId,
                        coordinator ->
                                coordinator
                                        .call(
                                                ApiKeys.OFFSET_DELETE,
                                                request,
                                                OffsetDeleteResponseData.class,
                                                calls.timeout())
                                        .thenApply(
                                                answer -> {
                                                    AdminCalls.require(
                                                            answer.errorCode(),
                                                            "Deleting offsets of " + groupId,
                                                            null);
                                                    return answer;
                                                }))
                .map(
                        answer -> {
                            Map<TopicPartition, Outcome<Completed>> outcomes = new HashMap<>();
                            answer.topics()
                                    .forEach(
                                            topic ->
                                                    topic.partitions()
                                                            .forEach(
                                                                    part ->
                                                                            put(
                                                                                    outcomes,
                                                                                    topic.name(),
                                                                                    part
                                                                                            .partitionIndex(),
                                                                                    part
                                                                                            .errorCode())));
                            return outcomes;
                        });
    }

    private static void put(
            Map<TopicPartition, Outcome<Completed>> outcomes,
            String topic,
            int partition,
            short errorCode) {
        TopicPartition key = new TopicPartition(topic, partition);
        outcomes.put(
                key,
                AdminCalls.outcome(
                        errorCode,
                        "Changing the offset of " + key,
                        null,
                        () -> Completed.COMPLETED));
    }

    private interface Single<A> {
        CompletableFuture<A> send(NodeConnection coordinator);
    }

    private <A> Mono<A> single(String groupId, Single<A> request) {
        return calls.groups(
                        "Changing offsets of " + groupId,
                        List.of(groupId),
                        (AdminCalls.GroupRequest<A>)
                                (coordinator, nodeId, mine) ->
                                        request.send(coordinator)
                                                .<Map<String, Outcome<A>>>thenApply(
                                                        answer ->
                                                                Map.of(
                                                                        groupId,
                                                                        new Outcome.Done<>(
                                                                                answer))))
                .map(outcomes -> outcomes.values().iterator().next().orThrow());
    }
}
