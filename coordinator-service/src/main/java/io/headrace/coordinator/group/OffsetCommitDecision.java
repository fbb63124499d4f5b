package io.headrace.coordinator.group;

import io.headrace.coordinator.group.classic.ClassicGroup;
import io.headrace.coordinator.group.classic.ClassicGroupState;
import io.headrace.coordinator.group.classic.ClassicMember;
import io.headrace.coordinator.group.classic.Waiter;
import io.headrace.coordinator.group.consumer.ConsumerGroup;
import io.headrace.coordinator.group.consumer.ConsumerMember;
import io.headrace.coordinator.group.consumer.OwnedPartitions;
import io.headrace.coordinator.group.offset.CommittedOffset;
import io.headrace.coordinator.group.offset.PendingOffsets;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.shard.ShardRequest;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetCommitResponseData.OffsetCommitResponsePartition;
import org.apache.kafka.common.message.OffsetCommitResponseData.OffsetCommitResponseTopic;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * Decides OffsetCommit: who may commit for a group, and what is kept. Confined to the shard's core.
 */
final class OffsetCommitDecision {
    private static final short GROUP_NOT_FOUND = 9;
    private static final short CONSUMER_PROTOCOL = 9;
    private static final short TOPIC_IDS = 10;

    private final GroupSpace space;
    private final Rebalances rebalances;

    OffsetCommitDecision(GroupSpace space, Rebalances rebalances) {
        this.space = space;
        this.rebalances = rebalances;
    }

    void decide(ShardRequest request, OffsetCommitRequestData body) {
        Waiter waiter = new Waiter(request.id(), request.version());
        ClassicGroup group = space.group(body.groupId());
        ConsumerGroup consumerGroup = space.consumerGroup(body.groupId());
        Errors error =
                consumerGroup == null
                        ? validate(group, request, body)
                        : validate(consumerGroup, request, body);
        if (error != Errors.NONE) {
            space.reply(waiter, GroupErrors.offsetCommit(body, error));
            return;
        }
        if (group == null && consumerGroup == null) {
            group = space.addGroup(new ClassicGroup(body.groupId(), space.nowMs()));
        } else if (group != null) {
            prolongSession(group, body.memberId());
        }
        OffsetCommitResponseData response = new OffsetCommitResponseData();
        int count = 0;
        for (OffsetCommitRequestTopic topic : body.topics()) {
            count += commit(request.version(), body, topic, response);
        }
        if (count > 0) {
            space.counters().onOffsetsCommitted(count);
        }
        if (group != null) {
            space.forgetIfNothing(group);
        }
        space.reply(waiter, response);
    }

    private Errors validate(
            ConsumerGroup group, ShardRequest request, OffsetCommitRequestData body) {
        if (countPartitions(body) > space.properties().maxPartitionsPerRequest()) {
            return Errors.INVALID_REQUEST;
        }
        int epoch = body.generationIdOrMemberEpoch();
        if (epoch < 0 && group.memberCount() == 0) {
            return Errors.NONE; // an administrator
        }
        ConsumerMember member = group.member(body.memberId());
        if (member == null) {
            return Errors.UNKNOWN_MEMBER_ID;
        }
        if (member.isClassic()) {
            return epoch == member.memberEpoch() ? Errors.NONE : Errors.ILLEGAL_GENERATION;
        }
        if (request.version() < CONSUMER_PROTOCOL) {
            return Errors.UNSUPPORTED_VERSION;
        }
        return isOfEpochOrAssignedBefore(member, request.version(), body)
                ? Errors.NONE
                : Errors.STALE_MEMBER_EPOCH;
    }

    /**
     * A member that does not know its newest epoch yet may still commit for what it was assigned
     * before and has not given up (KIP-1251).
     */
    private boolean isOfEpochOrAssignedBefore(
            ConsumerMember member, short version, OffsetCommitRequestData body) {
        int epoch = body.generationIdOrMemberEpoch();
        if (epoch >= member.memberEpoch()) {
            return epoch == member.memberEpoch();
        }
        for (OffsetCommitRequestTopic topic : body.topics()) {
            TopicImage image =
                    version >= TOPIC_IDS
                            ? space.image().topic(topic.topicId())
                            : space.image().topic(topic.name());
            for (OffsetCommitRequestPartition partition : topic.partitions()) {
                int assignedIn =
                        image == null
                                ? OwnedPartitions.ABSENT
                                : member.current()
                                        .assignmentEpoch(
                                                image.topicId(), partition.partitionIndex());
                if (assignedIn == OwnedPartitions.ABSENT || epoch < assignedIn) {
                    return false;
                }
            }
        }
        return true;
    }

    private static int countPartitions(OffsetCommitRequestData body) {
        int partitions = 0;
        for (OffsetCommitRequestTopic topic : body.topics()) {
            partitions += topic.partitions().size();
        }
        return partitions;
    }

    private Errors validate(
            @Nullable ClassicGroup group, ShardRequest request, OffsetCommitRequestData body) {
        if (countPartitions(body) > space.properties().maxPartitionsPerRequest()) {
            return Errors.INVALID_REQUEST;
        }
        int generation = body.generationIdOrMemberEpoch();
        if (space.shareGroup(body.groupId()) != null) {
            return Errors.GROUP_ID_NOT_FOUND; // share groups commit no offsets
        }
        if (group == null) {
            if (generation >= 0) {
                return request.version() >= GROUP_NOT_FOUND
                        ? Errors.GROUP_ID_NOT_FOUND
                        : Errors.ILLEGAL_GENERATION;
            }
            return space.hasRoomForGroup() ? Errors.NONE : Errors.COORDINATOR_NOT_AVAILABLE;
        }
        if (generation < 0 && group.isIn(ClassicGroupState.EMPTY)) {
            return Errors.NONE; // an administrator, or a consumer that assigns itself
        }
        boolean namesMember =
                generation >= 0 || !body.memberId().isEmpty() || body.groupInstanceId() != null;
        if (!namesMember) {
            return group.isIn(ClassicGroupState.EMPTY) ? Errors.NONE : Errors.UNKNOWN_MEMBER_ID;
        }
        Errors error = group.checkMember(body.memberId(), body.groupInstanceId());
        if (error != Errors.NONE) {
            return error;
        }
        if (generation != group.generation()) {
            return Errors.ILLEGAL_GENERATION;
        }
        // It knows the new generation, so it would commit for partitions it may not get.
        return group.isIn(ClassicGroupState.COMPLETING_REBALANCE)
                ? Errors.REBALANCE_IN_PROGRESS
                : Errors.NONE;
    }

    private void prolongSession(ClassicGroup group, String memberId) {
        boolean prolongs =
                group.isIn(ClassicGroupState.STABLE)
                        || group.isIn(ClassicGroupState.PREPARING_REBALANCE);
        if (prolongs && group.hasMember(memberId)) {
            ClassicMember member = group.member(memberId);
            rebalances.scheduleHeartbeat(group, member, member.sessionTimeoutMs());
        }
    }

    private int commit(
            short version,
            OffsetCommitRequestData body,
            OffsetCommitRequestTopic topic,
            OffsetCommitResponseData response) {
        boolean byId = version >= TOPIC_IDS;
        TopicImage image =
                byId ? space.image().topic(topic.topicId()) : space.image().topic(topic.name());
        OffsetCommitResponseTopic answer =
                new OffsetCommitResponseTopic().setName(topic.name()).setTopicId(topic.topicId());
        response.topics().add(answer);
        int count = 0;
        for (OffsetCommitRequestPartition partition : topic.partitions()) {
            Errors error = check(image, byId, partition);
            if (error == Errors.NONE && image != null) {
                commit(body, image, partition);
                count++;
            }
            answer.partitions()
                    .add(
                            new OffsetCommitResponsePartition()
                                    .setPartitionIndex(partition.partitionIndex())
                                    .setErrorCode(error.code()));
        }
        return count;
    }

    private Errors check(
            @Nullable TopicImage topic, boolean byId, OffsetCommitRequestPartition partition) {
        if (topic == null) {
            return byId ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION;
        }
        if (topic.partition(partition.partitionIndex()) == null) {
            return Errors.UNKNOWN_TOPIC_OR_PARTITION;
        }
        String metadata = partition.committedMetadata();
        return metadata != null && metadata.length() > space.properties().offsetMetadataMaxBytes()
                ? Errors.OFFSET_METADATA_TOO_LARGE
                : Errors.NONE;
    }

    private void commit(
            OffsetCommitRequestData body,
            TopicImage topic,
            OffsetCommitRequestPartition partition) {
        long retentionMs = body.retentionTimeMs();
        String metadata = partition.committedMetadata();
        CommittedOffset committed =
                new CommittedOffset(
                        partition.committedOffset(),
                        partition.committedLeaderEpoch(),
                        metadata == null ? "" : metadata,
                        space.nowMs(),
                        retentionMs < 0
                                ? CommittedOffset.NO_EXPIRY
                                : Math.max(space.nowMs(), space.nowMs() + retentionMs),
                        topic.topicId());
        space.commit(
                new PendingOffsets.Key(
                        body.groupId(),
                        new TopicPartition(topic.name(), partition.partitionIndex())),
                committed,
                Long.MAX_VALUE);
    }
}
