package io.headrace.coordinator.group;

import io.headrace.coordinator.group.classic.Waiter;
import io.headrace.coordinator.group.share.ShareGroup;
import io.headrace.coordinator.group.share.ShareStates;
import io.headrace.coordinator.group.share.StatePlace;
import io.headrace.coordinator.group.share.StateSummary;
import io.headrace.coordinator.group.space.Countdown;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.shard.ShardRequest;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AlterShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.AlterShareGroupOffsetsRequestData.AlterShareGroupOffsetsRequestPartition;
import org.apache.kafka.common.message.AlterShareGroupOffsetsResponseData;
import org.apache.kafka.common.message.AlterShareGroupOffsetsResponseData.AlterShareGroupOffsetsResponsePartition;
import org.apache.kafka.common.message.AlterShareGroupOffsetsResponseData.AlterShareGroupOffsetsResponseTopic;
import org.apache.kafka.common.message.DeleteShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.DeleteShareGroupOffsetsResponseData;
import org.apache.kafka.common.message.DeleteShareGroupOffsetsResponseData.DeleteShareGroupOffsetsResponseTopic;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsRequestData.DescribeShareGroupOffsetsRequestGroup;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsResponseData;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsResponseData.DescribeShareGroupOffsetsResponseGroup;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsResponseData.DescribeShareGroupOffsetsResponsePartition;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsResponseData.DescribeShareGroupOffsetsResponseTopic;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Decides where share groups are in partitions: shows it, sets it, forgets it (KIP-932). What is
 * set or forgotten is so of groups without members only. Confined to the shard's core.
 */
final class ShareOffsetDecisions {
    private final GroupSpace space;
    private final ShareRebalances rebalances;
    private final ShareStateWork work;

    ShareOffsetDecisions(GroupSpace space, ShareRebalances rebalances, ShareStateWork work) {
        this.space = space;
        this.rebalances = rebalances;
        this.work = work;
    }

    /** Why nothing can be done to the offsets of a group; NONE when it can. */
    private Errors problem(String groupId, boolean mustBeEmpty) {
        ShareGroup group = space.shareGroup(groupId);
        if (groupId.isEmpty()) {
            return Errors.INVALID_GROUP_ID;
        }
        if (group == null) {
            return Errors.GROUP_ID_NOT_FOUND;
        }
        return mustBeEmpty && group.memberCount() > 0 ? Errors.NON_EMPTY_GROUP : Errors.NONE;
    }

    // Describe.

    void decide(ShardRequest request, DescribeShareGroupOffsetsRequestData body) {
        DescribeShareGroupOffsetsResponseData response =
                new DescribeShareGroupOffsetsResponseData();
        Countdown left =
                new Countdown(
                        body.groups().size(), () -> space.replyChecked(request.id(), response));
        for (DescribeShareGroupOffsetsRequestGroup asked : body.groups()) {
            describe(
                    asked,
                    described -> {
                        response.groups().add(described);
                        left.next();
                    });
        }
    }

    /** Takes the one answer about a group. */
    private interface Described {
        void accept(DescribeShareGroupOffsetsResponseGroup described);
    }

    private void describe(DescribeShareGroupOffsetsRequestGroup asked, Described then) {
        Errors problem = problem(asked.groupId(), false);
        ShareGroup group = space.shareGroup(asked.groupId());
        if (problem != Errors.NONE || group == null) {
            then.accept(
                    new DescribeShareGroupOffsetsResponseGroup()
                            .setGroupId(asked.groupId())
                            .setErrorCode(problem.code())
                            .setErrorMessage(problem.message()));
            return;
        }
        Map<String, Collection<Integer>> wanted = new TreeMap<>();
        if (asked.topics() == null) {
            group.states()
                    .initialized()
                    .forEach((id, topic) -> wanted.put(topic.name(), topic.partitions()));
        } else {
            asked.topics()
                    .forEach(
                            topic ->
                                    wanted.computeIfAbsent(
                                                    topic.topicName(), name -> new TreeSet<>())
                                            .addAll(topic.partitions()));
        }
        Set<StatePlace> places = new TreeSet<>();
        wanted.forEach(
                (name, partitions) -> {
                    TopicImage topic = space.image().topic(name);
                    for (int partition : partitions) {
                        if (topic != null && isIn(topic, partition)) {
                            places.add(new StatePlace(topic.topicId(), partition));
                        }
                    }
                });
        if (places.isEmpty()) {
            then.accept(described(asked.groupId(), wanted, Map.of()));
        } else {
            work.sum(
                    asked.groupId(),
                    places,
                    summaries -> then.accept(described(asked.groupId(), wanted, summaries)));
        }
    }

    private static boolean isIn(TopicImage topic, int partition) {
        return partition >= 0 && partition < topic.partitionCount();
    }

    private DescribeShareGroupOffsetsResponseGroup described(
            String groupId,
            Map<String, Collection<Integer>> wanted,
            Map<StatePlace, StateSummary> summaries) {
        DescribeShareGroupOffsetsResponseGroup described =
                new DescribeShareGroupOffsetsResponseGroup().setGroupId(groupId);
        wanted.forEach(
                (name, partitions) -> {
                    TopicImage topic = space.image().topic(name);
                    Uuid topicId = topic == null ? Uuid.ZERO_UUID : topic.topicId();
                    var ofTopic =
                            new DescribeShareGroupOffsetsResponseTopic()
                                    .setTopicName(name)
                                    .setTopicId(topicId);
                    for (int partition : partitions) {
                        StateSummary summary =
                                summaries.getOrDefault(
                                        new StatePlace(topicId, partition),
                                        StateSummary.of(Errors.UNKNOWN_TOPIC_OR_PARTITION));
                        ofTopic.partitions().add(described(partition, summary));
                    }
                    described.topics().add(ofTopic);
                });
        return described;
    }

    private static DescribeShareGroupOffsetsResponsePartition described(
            int partition, StateSummary summary) {
        var described =
                new DescribeShareGroupOffsetsResponsePartition().setPartitionIndex(partition);
        return summary.error() == Errors.NONE
                ? described
                        .setStartOffset(summary.startOffset())
                        .setLeaderEpoch(summary.leaderEpoch())
                        .setLag(summary.lag())
                : described
                        .setStartOffset(StateSummary.NONE)
                        .setErrorCode(summary.error().code())
                        .setErrorMessage(summary.error().message());
    }

    // Alter.

    /**
     * Sets start offsets, in a new group epoch, so that whoever still holds the former states
     * cannot write them any more. A group of which nothing is known yet is made.
     */
    void decide(ShardRequest request, AlterShareGroupOffsetsRequestData body) {
        Errors problem = problem(body.groupId(), true);
        if (problem == Errors.GROUP_ID_NOT_FOUND
                && !space.isOfOtherKind(body.groupId())
                && space.hasRoomForGroup()) {
            space.addShareGroup(body.groupId());
            problem = Errors.NONE;
        }
        ShareGroup group = space.shareGroup(body.groupId());
        if (problem != Errors.NONE || group == null) {
            space.reply(
                    new Waiter(request.id(), request.version()),
                    new AlterShareGroupOffsetsResponseData()
                            .setErrorCode(problem.code())
                            .setErrorMessage(problem.message()));
            return;
        }
        Map<StatePlace, Long> offsets = new TreeMap<>();
        ShareStates states = group.states();
        for (var asked : body.topics()) {
            TopicImage topic = space.image().topic(asked.topicName());
            if (topic == null || states.deleting().containsKey(topic.topicId())) {
                continue;
            }
            Set<Integer> added = new TreeSet<>();
            for (var partition : asked.partitions()) {
                if (isIn(topic, partition.partitionIndex()) && partition.startOffset() >= 0) {
                    offsets.put(
                            new StatePlace(topic.topicId(), partition.partitionIndex()),
                            partition.startOffset());
                    added.add(partition.partitionIndex());
                }
            }
            added.removeAll(states.initialized(topic.topicId()));
            if (!added.isEmpty()) {
                states = states.beginning(topic.topicId(), topic.name(), added);
            }
        }
        rebalances.begin(group);
        rebalances.changes().setStates(group, states);
        if (offsets.isEmpty()) {
            reply(request, altered(body, Map.of()));
            return;
        }
        work.initialize(
                group.groupId(),
                group.groupEpoch(),
                offsets,
                outcomes -> {
                    if (!rebalances.isGone(group)) {
                        rebalances.begun(group, outcomes);
                    }
                    reply(request, altered(body, outcomes));
                });
    }

    private void reply(ShardRequest request, AlterShareGroupOffsetsResponseData response) {
        space.reply(new Waiter(request.id(), request.version()), response);
    }

    private AlterShareGroupOffsetsResponseData altered(
            AlterShareGroupOffsetsRequestData body, Map<StatePlace, Errors> outcomes) {
        AlterShareGroupOffsetsResponseData response = new AlterShareGroupOffsetsResponseData();
        for (var asked : body.topics()) {
            TopicImage topic = space.image().topic(asked.topicName());
            AlterShareGroupOffsetsResponseTopic answer =
                    new AlterShareGroupOffsetsResponseTopic()
                            .setTopicName(asked.topicName())
                            .setTopicId(topic == null ? Uuid.ZERO_UUID : topic.topicId());
            for (var partition : asked.partitions()) {
                Errors error = outcome(topic, partition, outcomes);
                answer.partitions()
                        .add(
                                new AlterShareGroupOffsetsResponsePartition()
                                        .setPartitionIndex(partition.partitionIndex())
                                        .setErrorCode(error.code())
                                        .setErrorMessage(
                                                error == Errors.NONE ? null : error.message()));
            }
            response.responses().add(answer);
        }
        return response;
    }

    private static Errors outcome(
            @Nullable TopicImage topic,
            AlterShareGroupOffsetsRequestPartition asked,
            Map<StatePlace, Errors> outcomes) {
        if (topic == null || !isIn(topic, asked.partitionIndex())) {
            return Errors.UNKNOWN_TOPIC_OR_PARTITION;
        }
        if (asked.startOffset() < 0) {
            return Errors.INVALID_REQUEST;
        }
        // Without an outcome its states are being deleted: the client is to try again.
        return outcomes.getOrDefault(
                new StatePlace(topic.topicId(), asked.partitionIndex()),
                Errors.COORDINATOR_NOT_AVAILABLE);
    }

    // Delete.

    void decide(ShardRequest request, DeleteShareGroupOffsetsRequestData body) {
        Errors problem = problem(body.groupId(), true);
        ShareGroup group = space.shareGroup(body.groupId());
        Waiter waiter = new Waiter(request.id(), request.version());
        if (problem != Errors.NONE || group == null) {
            space.reply(
                    waiter,
                    new DeleteShareGroupOffsetsResponseData()
                            .setErrorCode(problem.code())
                            .setErrorMessage(problem.message()));
            return;
        }
        Map<String, DeleteShareGroupOffsetsResponseTopic> answers = new LinkedHashMap<>();
        Map<Uuid, String> deleting = new HashMap<>();
        Set<StatePlace> places = new TreeSet<>();
        ShareStates states = group.states();
        for (var asked : body.topics()) {
            TopicImage topic = space.image().topic(asked.topicName());
            var answer = new DeleteShareGroupOffsetsResponseTopic().setTopicName(asked.topicName());
            answers.put(asked.topicName(), answer);
            if (topic == null) {
                answer.setErrorCode(Errors.UNKNOWN_TOPIC_OR_PARTITION.code())
                        .setErrorMessage(Errors.UNKNOWN_TOPIC_OR_PARTITION.message());
                continue;
            }
            answer.setTopicId(topic.topicId());
            if (!group.states().topics().containsKey(topic.topicId())) {
                answer.setErrorCode(Errors.UNKNOWN_TOPIC_OR_PARTITION.code())
                        .setErrorMessage("There is no offset information to delete.");
                continue;
            }
            deleting.put(topic.topicId(), topic.name());
            states = states.ending(topic.topicId(), topic.name());
            places.addAll(ShareRebalances.places(topic));
        }
        DeleteShareGroupOffsetsResponseData response =
                new DeleteShareGroupOffsetsResponseData()
                        .setResponses(List.copyOf(answers.values()));
        rebalances.changes().setStates(group, states);
        if (places.isEmpty()) {
            space.reply(waiter, response);
            return;
        }
        work.delete(
                group.groupId(),
                places,
                outcomes -> {
                    if (!rebalances.isGone(group)) {
                        rebalances.onDeleted(group, deleting.keySet(), outcomes);
                    }
                    outcomes.forEach(
                            (place, error) -> {
                                var answer = answers.get(deleting.get(place.topicId()));
                                if (error != Errors.NONE && answer != null) {
                                    answer.setErrorCode(error.code())
                                            .setErrorMessage(error.message());
                                }
                            });
                    space.reply(waiter, response);
                });
    }

    // Deleting the group.

    /** Takes what became of the deletion of a group. */
    interface Deleted {
        void accept(Errors error);
    }

    /** Deletes a group without members: its states first, so that none outlives it. */
    void deleteGroup(ShareGroup group, Deleted then) {
        if (group.memberCount() > 0) {
            then.accept(Errors.NON_EMPTY_GROUP);
            return;
        }
        Set<StatePlace> places = new TreeSet<>();
        Set<Uuid> topics = new HashSet<>();
        ShareStates states = group.states();
        for (Map.Entry<Uuid, String> known : group.states().topics().entrySet()) {
            TopicImage topic = space.image().topic(known.getKey());
            if (topic != null) {
                topics.add(topic.topicId());
                places.addAll(ShareRebalances.places(topic));
                states = states.ending(topic.topicId(), topic.name());
            }
        }
        rebalances.changes().setStates(group, states);
        if (places.isEmpty()) {
            rebalances.removeGroup(group);
            then.accept(Errors.NONE);
            return;
        }
        work.delete(
                group.groupId(),
                places,
                outcomes -> then.accept(onStatesDeleted(group, topics, outcomes)));
    }

    private Errors onStatesDeleted(
            ShareGroup group, Set<Uuid> topics, Map<StatePlace, Errors> outcomes) {
        if (rebalances.isGone(group)) {
            return Errors.NONE;
        }
        rebalances.onDeleted(group, topics, outcomes);
        for (Errors error : outcomes.values()) {
            if (error != Errors.NONE) {
                return error;
            }
        }
        if (group.memberCount() > 0) {
            return Errors.NON_EMPTY_GROUP; // somebody joined meanwhile
        }
        rebalances.removeGroup(group);
        return Errors.NONE;
    }
}
