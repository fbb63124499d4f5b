package io.headrace.coordinator.cluster.topic;

import io.headrace.coordinator.cluster.ClusterRules;
import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.coordinator.cluster.NewPartitions;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidReplicaAssignmentException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsTopic;
import org.apache.kafka.common.message.CreatePartitionsResponseData;
import org.apache.kafka.common.message.CreatePartitionsResponseData.CreatePartitionsTopicResult;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Adds partitions to topics. */
public record CreatePartitions(CreatePartitionsRequestData request)
        implements Command<CreatePartitionsResponseData> {

    @Override
    public boolean awaitsNodes() {
        return !request.validateOnly();
    }

    @Override
    public Decision<CreatePartitionsResponseData> decide(ControllerState state, long nowMs) {
        List<ApiMessage> records = new ArrayList<>();
        CreatePartitionsResponseData response = new CreatePartitionsResponseData();
        Set<String> seen = new HashSet<>();
        Set<String> repeated = new HashSet<>();
        for (CreatePartitionsTopic topic : request.topics()) {
            if (!seen.add(topic.name())) {
                repeated.add(topic.name());
            }
        }
        for (CreatePartitionsTopic topic : request.topics()) {
            CreatePartitionsTopicResult result =
                    new CreatePartitionsTopicResult().setName(topic.name());
            try {
                if (repeated.contains(topic.name())) {
                    throw new InvalidRequestException("Duplicate topic name.");
                }
                List<ApiMessage> added = decideTopic(state, topic, records.size());
                records.addAll(added);
            } catch (ApiException e) {
                result.setErrorCode(Errors.forException(e).code()).setErrorMessage(e.getMessage());
            }
            response.results().add(result);
        }
        return new Decision<>(request.validateOnly() ? List.of() : records, response);
    }

    private static List<ApiMessage> decideTopic(
            ControllerState state, CreatePartitionsTopic wanted, int decided) {
        MetadataImage image = state.image();
        TopicImage topic = image.topic(wanted.name());
        if (topic == null) {
            throw new UnknownTopicOrPartitionException(
                    "This server does not host this topic-partition.");
        }
        int added = countToAdd(topic, wanted);
        requireRoom(state, added, decided);
        PartitionImage first = topic.partition(0);
        int replicationFactor = first == null ? 1 : first.assignedReplicas().size();
        List<List<Integer>> assignments = new ArrayList<>(added);
        if (wanted.assignments() == null) {
            Placement placement = new Placement(state.activeNodes(), state.random());
            for (int i = 0; i < added; i++) {
                assignments.add(placement.place(replicationFactor));
            }
        } else {
            if (wanted.assignments().size() != added) {
                throw new InvalidReplicaAssignmentException(
                        "Attempted to add "
                                + added
                                + " additional partition(s), but only "
                                + wanted.assignments().size()
                                + " assignment(s) were specified.");
            }
            for (var assignment : wanted.assignments()) {
                NewPartitions.requireAssignable(image, assignment.brokerIds(), replicationFactor);
                assignments.add(List.copyOf(assignment.brokerIds()));
            }
        }
        int minIsr =
                NewPartitions.minInSyncReplicas(
                        image.configsOf(ConfigResourceKey.topic(topic.name())), replicationFactor);
        List<ApiMessage> records = new ArrayList<>(added);
        int partition = topic.partitionCount();
        for (List<Integer> replicas : assignments) {
            records.add(
                    NewPartitions.record(state, topic.topicId(), partition++, replicas, minIsr));
        }
        return records;
    }

    private static int countToAdd(TopicImage topic, CreatePartitionsTopic wanted) {
        int current = topic.partitionCount();
        if (wanted.count() == current) {
            throw new InvalidPartitionsException("Topic already has " + current + " partition(s).");
        }
        if (wanted.count() < current) {
            throw new InvalidPartitionsException(
                    "The topic "
                            + topic.name()
                            + " currently has "
                            + current
                            + " partition(s); "
                            + wanted.count()
                            + " would not be an increase.");
        }
        return wanted.count() - current;
    }

    private static void requireRoom(ControllerState state, int added, int decided) {
        ClusterRules rules = state.rules();
        if (added + (long) decided > rules.maxPartitionsPerRequest()) {
            throw new PolicyViolationException(
                    "Excessively large number of partitions per request: at most "
                            + rules.maxPartitionsPerRequest()
                            + " can be created by one");
        }
        if (state.partitionCount() + (long) added + decided > rules.maxPartitions()) {
            throw new PolicyViolationException(
                    "The cluster may have " + rules.maxPartitions() + " partitions, not more");
        }
    }
}
