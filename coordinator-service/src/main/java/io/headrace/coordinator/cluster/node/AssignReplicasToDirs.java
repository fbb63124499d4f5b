package io.headrace.coordinator.cluster.node;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.coordinator.cluster.PartitionChange;
import io.headrace.coordinator.cluster.PartitionKey;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AssignReplicasToDirsRequestData;
import org.apache.kafka.common.message.AssignReplicasToDirsResponseData;
import org.apache.kafka.common.message.AssignReplicasToDirsResponseData.DirectoryData;
import org.apache.kafka.common.message.AssignReplicasToDirsResponseData.PartitionData;
import org.apache.kafka.common.message.AssignReplicasToDirsResponseData.TopicData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Notes in which of its directories a node keeps its replicas (KIP-858), so that the loss of one
 * directory takes only these along.
 */
public record AssignReplicasToDirs(AssignReplicasToDirsRequestData request)
        implements Command<AssignReplicasToDirsResponseData> {

    @Override
    public Decision<AssignReplicasToDirsResponseData> decide(ControllerState state, long nowMs) {
        int nodeId = request.brokerId();
        NodeImage node = state.requireRegistered(nodeId, request.brokerEpoch());
        List<ApiMessage> records = new ArrayList<>();
        Set<PartitionKey> seen = new HashSet<>();
        AssignReplicasToDirsResponseData response = new AssignReplicasToDirsResponseData();
        for (var directory : request.directories()) {
            DirectoryData dirAnswer = new DirectoryData().setId(directory.id());
            for (var topic : directory.topics()) {
                TopicData topicAnswer = new TopicData().setTopicId(topic.topicId());
                for (var wanted : topic.partitions()) {
                    PartitionKey key = new PartitionKey(topic.topicId(), wanted.partitionIndex());
                    Errors verdict =
                            seen.add(key)
                                    ? assign(state, node, key, directory.id(), records)
                                    : Errors.INVALID_REQUEST;
                    topicAnswer
                            .partitions()
                            .add(
                                    new PartitionData()
                                            .setPartitionIndex(key.partition())
                                            .setErrorCode(verdict.code()));
                }
                dirAnswer.topics().add(topicAnswer);
            }
            response.directories().add(dirAnswer);
        }
        return new Decision<>(records, response);
    }

    private static Errors assign(
            ControllerState state,
            NodeImage node,
            PartitionKey key,
            Uuid directory,
            List<ApiMessage> records) {
        if (state.image().topic(key.topicId()) == null) {
            return Errors.UNKNOWN_TOPIC_ID;
        }
        PartitionImage partition = state.image().partition(key.topicId(), key.partition());
        if (partition == null) {
            return Errors.UNKNOWN_TOPIC_OR_PARTITION;
        }
        if (!partition.assignedReplicas().contains(node.nodeId())) {
            return Errors.NOT_LEADER_OR_FOLLOWER;
        }
        if (!node.logDirs().contains(directory)) {
            return Errors.LOG_DIR_NOT_FOUND;
        }
        if (!partition.logDirOf(node.nodeId()).equals(directory)) {
            records.add(
                    PartitionChange.of(key.topicId(), partition)
                            .logDir(node.nodeId(), directory)
                            .toRecord());
        }
        return Errors.NONE;
    }
}
