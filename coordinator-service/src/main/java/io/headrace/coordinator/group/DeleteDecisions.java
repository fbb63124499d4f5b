package io.headrace.coordinator.group;

import io.headrace.coordinator.group.classic.ClassicGroup;
import io.headrace.coordinator.group.classic.ClassicGroupState;
import io.headrace.coordinator.group.classic.GroupRecords;
import io.headrace.coordinator.group.classic.Waiter;
import io.headrace.coordinator.group.consumer.ConsumerGroup;
import io.headrace.coordinator.group.offset.CommittedOffset;
import io.headrace.coordinator.group.offset.OffsetRecords;
import io.headrace.coordinator.group.offset.PendingOffsets;
import io.headrace.coordinator.group.share.ShareGroup;
import io.headrace.coordinator.group.space.Countdown;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.group.space.TimerKey;
import io.headrace.coordinator.shard.ShardRequest;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteGroupsResponseData;
import org.apache.kafka.common.message.DeleteGroupsResponseData.DeletableGroupResult;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestPartition;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopic;
import org.apache.kafka.common.message.OffsetDeleteResponseData;
import org.apache.kafka.common.message.OffsetDeleteResponseData.OffsetDeleteResponsePartition;
import org.apache.kafka.common.message.OffsetDeleteResponseData.OffsetDeleteResponseTopic;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Decides what is forgotten: groups and offsets that a client deletes, offsets of deleted topics,
 * offsets past their retention (KIP-211). Confined to the shard's core.
 */
final class DeleteDecisions {
    private final GroupSpace space;
    private final ConsumerRebalances consumerRebalances;
    private final ShareOffsetDecisions shareOffsets;

    DeleteDecisions(
            GroupSpace space,
            ConsumerRebalances consumerRebalances,
            ShareOffsetDecisions shareOffsets) {
        this.space = space;
        this.consumerRebalances = consumerRebalances;
        this.shareOffsets = shareOffsets;
    }

    void decide(ShardRequest request, DeleteGroupsRequestData body) {
        DeleteGroupsResponseData response = new DeleteGroupsResponseData();
        Set<String> groupIds = Set.copyOf(body.groupsNames());
        Countdown left =
                new Countdown(
                        groupIds.size(),
                        () -> space.reply(new Waiter(request.id(), request.version()), response));
        for (String groupId : groupIds) {
            ShareOffsetDecisions.Deleted then =
                    error -> {
                        response.results()
                                .add(
                                        new DeletableGroupResult()
                                                .setGroupId(groupId)
                                                .setErrorCode(error.code()));
                        left.next();
                    };
            ShareGroup shareGroup = space.shareGroup(groupId);
            if (shareGroup == null) {
                then.accept(deleteGroup(groupId));
            } else {
                shareOffsets.deleteGroup(shareGroup, then);
            }
        }
    }

    private Errors deleteGroup(String groupId) {
        if (groupId.isEmpty()) {
            return Errors.INVALID_GROUP_ID;
        }
        ConsumerGroup consumerGroup = space.consumerGroup(groupId);
        if (consumerGroup != null) {
            if (consumerGroup.memberCount() > 0) {
                return Errors.NON_EMPTY_GROUP;
            }
            space.counters().onOffsetsDeleted(forgetOffsets(groupId, allOffsets(groupId)));
            consumerRebalances.removeGroup(consumerGroup);
            return Errors.NONE;
        }
        ClassicGroup group = space.group(groupId);
        if (group == null) {
            return Errors.GROUP_ID_NOT_FOUND;
        }
        if (!group.isIn(ClassicGroupState.EMPTY)) {
            return Errors.NON_EMPTY_GROUP;
        }
        space.counters().onOffsetsDeleted(forgetOffsets(groupId, allOffsets(groupId)));
        forgetGroup(group);
        return Errors.NONE;
    }

    void decide(ShardRequest request, OffsetDeleteRequestData body) {
        Waiter waiter = new Waiter(request.id(), request.version());
        ClassicGroup group = space.group(body.groupId());
        ConsumerGroup consumerGroup = space.consumerGroup(body.groupId());
        Errors error =
                consumerGroup == null ? checkOffsetDelete(group, body.groupId()) : Errors.NONE;
        if (error != Errors.NONE) {
            space.reply(waiter, new OffsetDeleteResponseData().setErrorCode(error.code()));
            return;
        }
        OffsetDeleteResponseData response = new OffsetDeleteResponseData();
        List<TopicPartition> forgotten = new ArrayList<>();
        for (OffsetDeleteRequestTopic topic : body.topics()) {
            Errors topicError =
                    checkTopic(
                            topic.name(),
                            (group != null && group.isSubscribedTo(topic.name()))
                                    || (consumerGroup != null
                                            && consumerGroup.isSubscribedTo(topic.name())));
            OffsetDeleteResponseTopic answer =
                    new OffsetDeleteResponseTopic().setName(topic.name());
            for (OffsetDeleteRequestPartition partition : topic.partitions()) {
                answer.partitions()
                        .add(
                                new OffsetDeleteResponsePartition()
                                        .setPartitionIndex(partition.partitionIndex())
                                        .setErrorCode(topicError.code()));
                if (topicError == Errors.NONE) {
                    forgotten.add(new TopicPartition(topic.name(), partition.partitionIndex()));
                }
            }
            response.topics().add(answer);
        }
        space.counters().onOffsetsDeleted(forgetOffsets(body.groupId(), forgotten));
        if (group != null) {
            space.forgetIfNothing(group);
        }
        space.reply(waiter, response);
    }

    private static Errors checkOffsetDelete(@Nullable ClassicGroup group, String groupId) {
        if (groupId.isEmpty()) {
            return Errors.INVALID_GROUP_ID;
        }
        if (group == null) {
            return Errors.GROUP_ID_NOT_FOUND;
        }
        return group.isIn(ClassicGroupState.EMPTY) || group.usesConsumerProtocol()
                ? Errors.NONE
                : Errors.NON_EMPTY_GROUP;
    }

    private Errors checkTopic(String topic, boolean isSubscribed) {
        if (space.image().topic(topic) == null) {
            return Errors.UNKNOWN_TOPIC_OR_PARTITION;
        }
        return isSubscribed ? Errors.GROUP_SUBSCRIBED_TO_TOPIC : Errors.NONE;
    }

    /**
     * Forgets the offsets that were committed for such topics, also by transactions that are open.
     */
    void forgetTopics(Predicate<Uuid> topicIds) {
        space.pendingOffsets().forgetTopics(topicIds).forEach(this::forgetPending);
        Map<String, Map<TopicPartition, Uuid>> found = space.offsets().committedFor(topicIds);
        found.forEach(
                (groupId, partitions) -> {
                    space.counters()
                            .onOffsetsDeleted(
                                    forgetOffsets(groupId, List.copyOf(partitions.keySet())));
                    ClassicGroup group = space.group(groupId);
                    if (group != null) {
                        space.forgetIfNothing(group);
                    }
                });
    }

    private void forgetPending(long producerId, List<PendingOffsets.Key> keys) {
        for (PendingOffsets.Key key : keys) {
            space.append(PendingOffsets.decided(producerId, key));
            ClassicGroup group = space.group(key.groupId());
            if (group != null) {
                space.forgetIfNothing(group);
            }
        }
    }

    /** Forgets the offsets that are past their retention, and the groups that have nothing left. */
    void expire() {
        for (ClassicGroup group : List.copyOf(space.groups())) {
            List<TopicPartition> expired = expiredOffsets(group);
            if (!expired.isEmpty()) {
                space.counters().onOffsetsExpired(forgetOffsets(group.groupId(), expired));
            }
            boolean isOver =
                    group.isIn(ClassicGroupState.EMPTY)
                            && group.pendingMembers().isEmpty()
                            && !hasAnyOffsets(group.groupId());
            if (isOver) {
                forgetGroup(group);
            }
        }
        for (ConsumerGroup group : List.copyOf(space.consumerGroups())) {
            List<TopicPartition> expired = expiredOffsets(group);
            if (!expired.isEmpty()) {
                space.counters().onOffsetsExpired(forgetOffsets(group.groupId(), expired));
            }
            if (group.memberCount() == 0 && !hasAnyOffsets(group.groupId())) {
                consumerRebalances.removeGroup(group);
            }
        }
    }

    /** Whether a group has offsets, or may get some by the end of a transaction. */
    private boolean hasAnyOffsets(String groupId) {
        return space.offsets().hasOffsets(groupId) || space.pendingOffsets().isAnyPending(groupId);
    }

    private List<TopicPartition> expiredOffsets(ConsumerGroup group) {
        List<TopicPartition> expired = new ArrayList<>();
        space.offsets()
                .forEach(
                        group.groupId(),
                        (topic, partition, committed) -> {
                            if (!group.isSubscribedTo(topic)
                                    && isExpired(committed, committed.commitTimestampMs())) {
                                expired.add(new TopicPartition(topic, partition));
                            }
                        });
        return expired;
    }

    private List<TopicPartition> expiredOffsets(ClassicGroup group) {
        List<TopicPartition> expired = new ArrayList<>();
        boolean sinceEmpty = group.protocolType() != null && group.isIn(ClassicGroupState.EMPTY);
        boolean sinceCommit =
                group.protocolType() == null
                        || (group.isIn(ClassicGroupState.STABLE)
                                && group.usesConsumerProtocol()
                                && group.knowsSubscriptions());
        if (!sinceEmpty && !sinceCommit) {
            return expired;
        }
        space.offsets()
                .forEach(
                        group.groupId(),
                        (topic, partition, committed) -> {
                            long sinceMs =
                                    sinceEmpty && group.stateSinceMs() >= 0
                                            ? group.stateSinceMs()
                                            : committed.commitTimestampMs();
                            if (!group.isSubscribedTo(topic) && isExpired(committed, sinceMs)) {
                                expired.add(new TopicPartition(topic, partition));
                            }
                        });
        return expired;
    }

    private boolean isExpired(CommittedOffset committed, long sinceMs) {
        return committed.expireTimestampMs() == CommittedOffset.NO_EXPIRY
                ? space.nowMs() - sinceMs >= space.properties().offsetsRetentionMs()
                : space.nowMs() >= committed.expireTimestampMs();
    }

    private List<TopicPartition> allOffsets(String groupId) {
        List<TopicPartition> all = new ArrayList<>();
        space.offsets()
                .forEach(
                        groupId,
                        (topic, partition, committed) ->
                                all.add(new TopicPartition(topic, partition)));
        return all;
    }

    /** Forgets those offsets that exist, and tells how many. */
    private int forgetOffsets(String groupId, List<TopicPartition> partitions) {
        int count = 0;
        for (TopicPartition partition : partitions) {
            if (space.offsets().get(groupId, partition.topic(), partition.partition()) == null) {
                continue;
            }
            space.offsets().remove(groupId, partition.topic(), partition.partition());
            space.append(OffsetRecords.deleted(groupId, partition.topic(), partition.partition()));
            count++;
        }
        return count;
    }

    private void forgetGroup(ClassicGroup group) {
        for (String memberId : group.pendingMembers()) {
            space.timers().cancel(TimerKey.heartbeat(group.groupId(), memberId));
        }
        if (group.isStored()) {
            space.append(GroupRecords.deleted(group.groupId()));
        }
        group.become(ClassicGroupState.DEAD, space.nowMs());
        space.removeGroup(group.groupId());
    }
}
