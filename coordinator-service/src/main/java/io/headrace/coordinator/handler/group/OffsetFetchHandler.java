package io.headrace.coordinator.handler.group;

import io.headrace.coordinator.handler.routing.ManyShardsHandler;

import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopic;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseGroup;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponsePartition;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponsePartitions;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseTopic;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseTopics;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.List;

/** OffsetFetch: versions before 8 name one group, and are served in the form of the later ones. */
final class OffsetFetchHandler
        extends ManyShardsHandler<
                OffsetFetchRequestData, OffsetFetchResponseData, OffsetFetchRequestGroup> {
    private static final short MANY_GROUPS = 8;

    /** Version 1 has no error but those of partitions. */
    private static final short GROUP_ERROR = 2;

    OffsetFetchHandler(GroupRouter router) {
        super(
                ApiKeys.OFFSET_FETCH,
                OffsetFetchRequestData.class,
                OffsetFetchResponseData.class,
                router);
    }

    @Override
    protected List<OffsetFetchRequestGroup> things(OffsetFetchRequestData request, short version) {
        return version >= MANY_GROUPS ? request.groups() : List.of(onlyGroup(request));
    }

    private static OffsetFetchRequestGroup onlyGroup(OffsetFetchRequestData request) {
        OffsetFetchRequestGroup group = new OffsetFetchRequestGroup().setGroupId(request.groupId());
        if (request.topics() == null) {
            return group.setTopics(null);
        }
        List<OffsetFetchRequestTopics> topics = new ArrayList<>(request.topics().size());
        for (OffsetFetchRequestTopic topic : request.topics()) {
            topics.add(
                    new OffsetFetchRequestTopics()
                            .setName(topic.name())
                            .setPartitionIndexes(topic.partitionIndexes()));
        }
        return group.setTopics(topics);
    }

    @Override
    protected String id(OffsetFetchRequestGroup group) {
        return group.groupId();
    }

    @Override
    protected OffsetFetchRequestData part(
            OffsetFetchRequestData whole, List<OffsetFetchRequestGroup> groups) {
        return new OffsetFetchRequestData()
                .setGroups(groups)
                .setRequireStable(whole.requireStable());
    }

    @Override
    protected OffsetFetchResponseData whole(
            OffsetFetchRequestData request, short version, List<OffsetFetchResponseData> parts) {
        OffsetFetchResponseData whole = new OffsetFetchResponseData();
        parts.forEach(part -> whole.groups().addAll(part.groups()));
        return version >= MANY_GROUPS
                ? whole
                : ofOneGroup(request, version, whole.groups().getFirst());
    }

    private static OffsetFetchResponseData ofOneGroup(
            OffsetFetchRequestData request, short version, OffsetFetchResponseGroup group) {
        OffsetFetchResponseData response = new OffsetFetchResponseData();
        if (group.errorCode() != Errors.NONE.code()) {
            if (version >= GROUP_ERROR) {
                return response.setErrorCode(group.errorCode());
            }
            for (OffsetFetchRequestTopic topic : request.topics()) {
                OffsetFetchResponseTopic answer =
                        new OffsetFetchResponseTopic().setName(topic.name());
                for (int partition : topic.partitionIndexes()) {
                    answer.partitions()
                            .add(
                                    new OffsetFetchResponsePartition()
                                            .setPartitionIndex(partition)
                                            .setCommittedOffset(-1)
                                            .setMetadata("")
                                            .setErrorCode(group.errorCode()));
                }
                response.topics().add(answer);
            }
            return response;
        }
        for (OffsetFetchResponseTopics topic : group.topics()) {
            OffsetFetchResponseTopic answer = new OffsetFetchResponseTopic().setName(topic.name());
            for (OffsetFetchResponsePartitions partition : topic.partitions()) {
                answer.partitions()
                        .add(
                                new OffsetFetchResponsePartition()
                                        .setPartitionIndex(partition.partitionIndex())
                                        .setCommittedOffset(partition.committedOffset())
                                        .setCommittedLeaderEpoch(partition.committedLeaderEpoch())
                                        .setMetadata(partition.metadata())
                                        .setErrorCode(partition.errorCode()));
            }
            response.topics().add(answer);
        }
        return response;
    }
}
