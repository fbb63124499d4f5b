package io.headrace.coordinator.group;

import io.headrace.coordinator.group.consumer.ConsumerGroup;
import io.headrace.coordinator.group.consumer.ConsumerMember;
import io.headrace.coordinator.group.offset.CommittedOffset;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.shard.ShardRequest;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseGroup;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponsePartitions;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseTopics;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Decides OffsetFetch in its form of several groups (version 8); older forms are brought into it
 * before they come here. Confined to the shard's core.
 */
final class OffsetFetchDecision {
    private static final short TOPIC_IDS = 10;
    private static final long NOTHING = -1;

    private final GroupSpace space;

    OffsetFetchDecision(GroupSpace space) {
        this.space = space;
    }

    void decide(ShardRequest request, OffsetFetchRequestData body) {
        OffsetFetchResponseData response = new OffsetFetchResponseData();
        for (OffsetFetchRequestGroup group : body.groups()) {
            response.groups().add(fetch(group, request.version(), body.requireStable()));
        }
        space.replyChecked(request.id(), response);
    }

    private OffsetFetchResponseGroup fetch(
            OffsetFetchRequestGroup group, short version, boolean requireStable) {
        List<OffsetFetchResponseTopics> topics = new ArrayList<>();
        OffsetFetchResponseGroup response =
                new OffsetFetchResponseGroup().setGroupId(group.groupId()).setTopics(topics);
        Errors error = checkMember(group);
        if (error != Errors.NONE) {
            return response.setErrorCode(error.code());
        }
        if (group.topics() == null) {
            fetchAll(group.groupId(), version, topics);
            return requireStable ? stable(response) : response;
        }
        long partitions = 0;
        for (OffsetFetchRequestTopics topic : group.topics()) {
            partitions += topic.partitionIndexes().size();
        }
        if (partitions > space.properties().maxPartitionsPerRequest()) {
            return response.setErrorCode(Errors.INVALID_REQUEST.code());
        }
        for (OffsetFetchRequestTopics topic : group.topics()) {
            topics.add(fetch(group.groupId(), topic, version));
        }
        return requireStable ? stable(response) : response;
    }

    /** An offset that an open transaction may change is not told (KIP-447). */
    private OffsetFetchResponseGroup stable(OffsetFetchResponseGroup response) {
        if (!space.pendingOffsets().isAnyPending(response.groupId())) {
            return response;
        }
        for (OffsetFetchResponseTopics topic : response.topics()) {
            TopicImage image = space.image().topic(topic.topicId());
            String name = image == null ? topic.name() : image.name();
            topic.partitions()
                    .replaceAll(
                            partition ->
                                    space.pendingOffsets()
                                                    .isPending(
                                                            response.groupId(),
                                                            name,
                                                            partition.partitionIndex())
                                            ? answer(
                                                    partition.partitionIndex(),
                                                    null,
                                                    Errors.UNSTABLE_OFFSET_COMMIT)
                                            : partition);
        }
        return response;
    }

    /** Members of consumer groups must know their epoch; who names no member is let in. */
    private Errors checkMember(OffsetFetchRequestGroup asked) {
        ConsumerGroup group = space.consumerGroup(asked.groupId());
        if (group == null || (asked.memberId() == null && asked.memberEpoch() < 0)) {
            return Errors.NONE;
        }
        ConsumerMember member = asked.memberId() == null ? null : group.member(asked.memberId());
        if (member == null) {
            return Errors.UNKNOWN_MEMBER_ID;
        }
        if (asked.memberEpoch() == member.memberEpoch()) {
            return Errors.NONE;
        }
        return member.isClassic() ? Errors.ILLEGAL_GENERATION : Errors.STALE_MEMBER_EPOCH;
    }

    private OffsetFetchResponseTopics fetch(
            String groupId, OffsetFetchRequestTopics topic, short version) {
        boolean byId = version >= TOPIC_IDS;
        TopicImage image =
                byId ? space.image().topic(topic.topicId()) : space.image().topic(topic.name());
        String name = image == null ? topic.name() : image.name();
        OffsetFetchResponseTopics response =
                new OffsetFetchResponseTopics().setName(topic.name()).setTopicId(topic.topicId());
        for (int partition : topic.partitionIndexes()) {
            CommittedOffset committed =
                    current(image, space.offsets().get(groupId, name, partition));
            Errors error = byId && image == null ? Errors.UNKNOWN_TOPIC_ID : Errors.NONE;
            response.partitions().add(answer(partition, committed, error));
        }
        return response;
    }

    private void fetchAll(String groupId, short version, List<OffsetFetchResponseTopics> topics) {
        for (Map.Entry<String, Map<Integer, CommittedOffset>> entry :
                space.offsets().topicsOf(groupId).entrySet()) {
            TopicImage image = space.image().topic(entry.getKey());
            if (image == null && version >= TOPIC_IDS) {
                continue; // it has no id to name it by
            }
            OffsetFetchResponseTopics response =
                    new OffsetFetchResponseTopics()
                            .setName(entry.getKey())
                            .setTopicId(image == null ? Uuid.ZERO_UUID : image.topicId());
            entry.getValue()
                    .forEach(
                            (partition, committed) -> {
                                if (current(image, committed) != null) {
                                    response.partitions()
                                            .add(answer(partition, committed, Errors.NONE));
                                }
                            });
            if (!response.partitions().isEmpty()) {
                topics.add(response);
            }
        }
    }

    /** An offset of a deleted topic is none of the topic that has its name now. */
    private static @Nullable CommittedOffset current(
            @Nullable TopicImage topic, @Nullable CommittedOffset committed) {
        boolean isOther =
                topic != null
                        && committed != null
                        && !committed.topicId().equals(Uuid.ZERO_UUID)
                        && !committed.topicId().equals(topic.topicId());
        return isOther ? null : committed;
    }

    private static OffsetFetchResponsePartitions answer(
            int partition, @Nullable CommittedOffset committed, Errors error) {
        OffsetFetchResponsePartitions answer =
                new OffsetFetchResponsePartitions()
                        .setPartitionIndex(partition)
                        .setErrorCode(error.code());
        return committed == null || error != Errors.NONE
                ? answer.setCommittedOffset(NOTHING).setCommittedLeaderEpoch(-1).setMetadata("")
                : answer.setCommittedOffset(committed.offset())
                        .setCommittedLeaderEpoch(committed.leaderEpoch())
                        .setMetadata(committed.metadata());
    }
}
