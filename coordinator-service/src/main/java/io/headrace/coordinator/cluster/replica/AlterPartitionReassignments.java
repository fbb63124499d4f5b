package io.headrace.coordinator.cluster.replica;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.coordinator.cluster.NewPartitions;
import io.headrace.coordinator.cluster.Reassignments;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData.ReassignablePartition;
import org.apache.kafka.common.message.AlterPartitionReassignmentsResponseData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsResponseData.ReassignablePartitionResponse;
import org.apache.kafka.common.message.AlterPartitionReassignmentsResponseData.ReassignableTopicResponse;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * Begins to move the replicas of partitions, or ends it without having moved them (KIP-455). A move
 * that copies nothing is done at once: another order, fewer replicas.
 */
public record AlterPartitionReassignments(AlterPartitionReassignmentsRequestData request)
        implements Command<AlterPartitionReassignmentsResponseData> {

    @Override
    public boolean awaitsNodes() {
        return true;
    }

    @Override
    public Decision<AlterPartitionReassignmentsResponseData> decide(
            ControllerState state, long nowMs) {
        List<ApiMessage> records = new ArrayList<>();
        AlterPartitionReassignmentsResponseData response =
                new AlterPartitionReassignmentsResponseData().setErrorMessage(null);
        for (var topic : request.topics()) {
            ReassignableTopicResponse answer =
                    new ReassignableTopicResponse().setName(topic.name());
            for (ReassignablePartition wanted : topic.partitions()) {
                ReassignablePartitionResponse result =
                        new ReassignablePartitionResponse()
                                .setPartitionIndex(wanted.partitionIndex())
                                .setErrorMessage(null);
                try {
                    PartitionRecord record = decide(state.image(), topic.name(), wanted);
                    if (record != null) {
                        records.add(record);
                    }
                } catch (ApiException e) {
                    result.setErrorCode(Errors.forException(e).code())
                            .setErrorMessage(e.getMessage());
                }
                answer.partitions().add(result);
            }
            response.responses().add(answer);
        }
        return new Decision<>(records, response);
    }

    private @Nullable PartitionRecord decide(
            MetadataImage image, String topicName, ReassignablePartition wanted) {
        TopicImage topic = image.topic(topicName);
        PartitionImage partition = topic == null ? null : topic.partition(wanted.partitionIndex());
        if (topic == null || partition == null) {
            throw new UnknownTopicOrPartitionException(
                    "Unable to find a partition named "
                            + topicName
                            + "-"
                            + wanted.partitionIndex()
                            + ".");
        }
        List<Integer> target = wanted.replicas();
        if (target == null) {
            return Reassignments.cancel(image, topic, partition);
        }
        NewPartitions.requireAssignable(image, target, -1);
        int replicationFactor = Reassignments.original(partition).size();
        if (!request.allowReplicationFactorChange() && target.size() != replicationFactor) {
            throw new InvalidReplicationFactorException(
                    "The replication factor is changed from "
                            + replicationFactor
                            + " to "
                            + target.size()
                            + ", which the request does not allow");
        }
        return Reassignments.begin(image, topic, partition, target);
    }
}
