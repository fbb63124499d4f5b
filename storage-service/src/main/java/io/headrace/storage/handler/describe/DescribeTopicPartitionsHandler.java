package io.headrace.storage.handler.describe;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData.TopicRequest;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData.Cursor;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData.DescribeTopicPartitionsResponsePartition;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData.DescribeTopicPartitionsResponseTopic;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.List;
import java.util.TreeSet;

/** DescribeTopicPartitions: topics page by page, with eligible leader replicas (KIP-966). */
final class DescribeTopicPartitionsHandler implements ApiHandler {
    private static final int MOST_PARTITIONS = 2_000;

    private final Services services;

    DescribeTopicPartitionsHandler(Services services) {
        this.services = services;
    }

    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiKeys.DESCRIBE_TOPIC_PARTITIONS);
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        DescribeTopicPartitionsRequestData asked = (DescribeTopicPartitionsRequestData) body;
        var cursor = asked.cursor();
        if (cursor != null && cursor.partitionIndex() < 0) {
            request.replyError(Errors.INVALID_REQUEST, "The cursor's partition is negative");
            return;
        }
        MetadataImage image = services.image();
        TreeSet<String> names = new TreeSet<>();
        if (asked.topics().isEmpty()) {
            names.addAll(image.topicIds().keySet());
        } else {
            asked.topics().stream().map(TopicRequest::name).forEach(names::add);
        }
        String from = cursor == null ? "" : cursor.topicName();
        int room = Math.clamp(asked.responsePartitionLimit(), 1, MOST_PARTITIONS);
        DescribeTopicPartitionsResponseData response = new DescribeTopicPartitionsResponseData();
        for (String name : names.tailSet(from, true)) {
            boolean continued = cursor != null && name.equals(from);
            int first = continued ? cursor.partitionIndex() : 0;
            if (room == 0) {
                response.setNextCursor(new Cursor().setTopicName(name).setPartitionIndex(first));
                break;
            }
            room -= add(response, image, name, first, room);
            if (response.nextCursor() != null) {
                break;
            }
        }
        request.reply(response);
    }

    /** Adds a topic from a partition on; returns how many partitions it took. */
    private static int add(
            DescribeTopicPartitionsResponseData response,
            MetadataImage image,
            String name,
            int first,
            int room) {
        DescribeTopicPartitionsResponseTopic target =
                new DescribeTopicPartitionsResponseTopic().setName(name);
        response.topics().add(target);
        TopicImage topic = image.topic(name);
        if (topic == null) {
            Errors error =
                    TopicNames.isValid(name)
                            ? Errors.UNKNOWN_TOPIC_OR_PARTITION
                            : Errors.INVALID_TOPIC_EXCEPTION;
            target.setErrorCode(error.code());
            return 0;
        }
        target.setTopicId(topic.topicId())
                .setIsInternal(topic.internal())
                .setTopicAuthorizedOperations(AuthorizedOperations.TOPIC);
        int end = (int) Math.min(topic.partitionCount(), (long) first + room);
        for (int i = first; i < end; i++) {
            PartitionImage partition = topic.partition(i);
            if (partition != null) {
                target.partitions().add(describe(image, partition));
            }
        }
        if (end < topic.partitionCount()) {
            response.setNextCursor(new Cursor().setTopicName(name).setPartitionIndex(end));
        }
        return Math.max(0, end - first);
    }

    private static DescribeTopicPartitionsResponsePartition describe(
            MetadataImage image, PartitionImage partition) {
        boolean led = image.isActive(partition.leaderId(), partition.leaderNodeEpoch());
        List<Integer> isr = partition.isr().stream().map(IsrMember::nodeId).toList();
        return new DescribeTopicPartitionsResponsePartition()
                .setErrorCode(led ? Errors.NONE.code() : Errors.LEADER_NOT_AVAILABLE.code())
                .setPartitionIndex(partition.partition())
                .setLeaderId(led ? partition.leaderId() : -1)
                .setLeaderEpoch(partition.leaderEpoch())
                .setReplicaNodes(partition.assignedReplicas())
                .setIsrNodes(isr)
                .setEligibleLeaderReplicas(partition.eligibleLeaderReplicas())
                .setLastKnownElr(partition.lastKnownElr())
                .setOfflineReplicas(MetadataHandler.offline(image, partition));
    }
}
