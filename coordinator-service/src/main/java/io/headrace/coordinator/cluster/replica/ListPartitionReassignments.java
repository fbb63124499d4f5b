package io.headrace.coordinator.cluster.replica;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.message.ListPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.ListPartitionReassignmentsResponseData;
import org.apache.kafka.common.message.ListPartitionReassignmentsResponseData.OngoingPartitionReassignment;
import org.apache.kafka.common.message.ListPartitionReassignmentsResponseData.OngoingTopicReassignment;

import java.util.ArrayList;
import java.util.List;

/** Lists partitions whose replicas are being moved. */
public record ListPartitionReassignments(ListPartitionReassignmentsRequestData request)
        implements Command<ListPartitionReassignmentsResponseData> {

    @Override
    public Decision<ListPartitionReassignmentsResponseData> decide(
            ControllerState state, long nowMs) {
        MetadataImage image = state.image();
        ListPartitionReassignmentsResponseData response =
                new ListPartitionReassignmentsResponseData().setErrorMessage(null);
        if (request.topics() == null) {
            for (TopicImage topic : image.topicsById().values()) {
                add(response, topic, List.copyOf(topic.partitions().keySet()));
            }
        } else {
            for (var wanted : request.topics()) {
                TopicImage topic = image.topic(wanted.name());
                if (topic != null) {
                    add(response, topic, wanted.partitionIndexes());
                }
            }
        }
        return Decision.answer(response);
    }

    private static void add(
            ListPartitionReassignmentsResponseData response,
            TopicImage topic,
            List<Integer> partitions) {
        List<OngoingPartitionReassignment> ongoing = new ArrayList<>();
        for (int number : partitions) {
            PartitionImage partition = topic.partition(number);
            if (partition != null
                    && !(partition.addingReplicas().isEmpty()
                            && partition.removingReplicas().isEmpty())) {
                ongoing.add(
                        new OngoingPartitionReassignment()
                                .setPartitionIndex(number)
                                .setReplicas(partition.assignedReplicas())
                                .setAddingReplicas(partition.addingReplicas())
                                .setRemovingReplicas(partition.removingReplicas()));
            }
        }
        if (!ongoing.isEmpty()) {
            response.topics()
                    .add(
                            new OngoingTopicReassignment()
                                    .setName(topic.name())
                                    .setPartitions(ongoing));
        }
    }
}
