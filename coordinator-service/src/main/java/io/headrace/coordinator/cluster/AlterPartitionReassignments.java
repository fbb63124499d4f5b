package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InvalidReplicaAssignmentException;
import org.apache.kafka.common.errors.NoReassignmentInProgressException;
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
import java.util.HashSet;
import java.util.List;

/**
 * Changes the replicas of partitions (KIP-455), as far as no replica has to be copied: their order,
 * and so the preferred leader. Moving replicas to other nodes is refused.
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

    private static @Nullable PartitionRecord decide(
            MetadataImage image, String topicName, ReassignablePartition wanted) {
        var topic = image.topic(topicName);
        PartitionImage partition = topic == null ? null : topic.partition(wanted.partitionIndex());
        if (topic == null || partition == null) {
            throw new UnknownTopicOrPartitionException(
                    "Unable to find a partition named "
                            + topicName
                            + "-"
                            + wanted.partitionIndex()
                            + ".");
        }
        if (wanted.replicas() == null) {
            throw new NoReassignmentInProgressException(
                    Errors.NO_REASSIGNMENT_IN_PROGRESS.message());
        }
        NewPartitions.requireAssignable(image, wanted.replicas(), -1);
        if (wanted.replicas().equals(partition.assignedReplicas())) {
            return null;
        }
        if (!new HashSet<>(wanted.replicas()).equals(new HashSet<>(partition.assignedReplicas()))) {
            throw new InvalidReplicaAssignmentException(
                    "Moving replicas to other nodes is not served by this version: "
                            + partition.assignedReplicas()
                            + " can only be reordered");
        }
        return Elections.change(topic.topicId(), partition)
                .setReplicas(List.copyOf(wanted.replicas()))
                .setLogDirs(List.of());
    }
}
