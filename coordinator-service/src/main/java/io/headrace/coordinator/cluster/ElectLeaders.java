package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.ElectionNotNeededException;
import org.apache.kafka.common.errors.EligibleLeadersNotAvailableException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.PreferredLeaderNotAvailableException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.message.ElectLeadersRequestData;
import org.apache.kafka.common.message.ElectLeadersResponseData;
import org.apache.kafka.common.message.ElectLeadersResponseData.PartitionResult;
import org.apache.kafka.common.message.ElectLeadersResponseData.ReplicaElectionResult;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * Elects leaders as an operator asks: preferred (KIP-183), or for a leaderless partition any live
 * replica, though it may lack acknowledged records (KIP-460).
 */
public record ElectLeaders(ElectLeadersRequestData request)
        implements Command<ElectLeadersResponseData> {
    private static final byte PREFERRED = 0;
    private static final byte UNCLEAN = 1;

    @Override
    public boolean awaitsNodes() {
        return true;
    }

    @Override
    public Decision<ElectLeadersResponseData> decide(ControllerState state, long nowMs) {
        if (request.electionType() != PREFERRED && request.electionType() != UNCLEAN) {
            throw new InvalidRequestException("Unknown election type " + request.electionType());
        }
        List<ApiMessage> records = new ArrayList<>();
        ElectLeadersResponseData response = new ElectLeadersResponseData();
        if (request.topicPartitions() == null) {
            for (TopicImage topic : state.image().topicsById().values()) {
                List<Integer> all = new ArrayList<>(topic.partitions().keySet());
                add(response, topic.name(), all, state.image(), records, true);
            }
        } else {
            for (var wanted : request.topicPartitions()) {
                add(response, wanted.topic(), wanted.partitions(), state.image(), records, false);
            }
        }
        return new Decision<>(records, response);
    }

    private void add(
            ElectLeadersResponseData response,
            String topicName,
            List<Integer> partitions,
            MetadataImage image,
            List<ApiMessage> records,
            boolean changedOnly) {
        List<PartitionResult> results = new ArrayList<>();
        for (int partition : partitions) {
            PartitionResult result =
                    new PartitionResult().setPartitionId(partition).setErrorMessage(null);
            try {
                records.add(elect(image, topicName, partition));
            } catch (ElectionNotNeededException e) {
                if (changedOnly) {
                    continue;
                }
                refuse(result, e);
            } catch (ApiException e) {
                refuse(result, e);
            }
            results.add(result);
        }
        if (!results.isEmpty()) {
            response.replicaElectionResults()
                    .add(
                            new ReplicaElectionResult()
                                    .setTopic(topicName)
                                    .setPartitionResult(results));
        }
    }

    private static void refuse(PartitionResult result, ApiException e) {
        result.setErrorCode(Errors.forException(e).code()).setErrorMessage(e.getMessage());
    }

    private PartitionRecord elect(MetadataImage image, String topicName, int number) {
        TopicImage topic = image.topic(topicName);
        if (topic == null) {
            throw new UnknownTopicOrPartitionException("No such topic as " + topicName);
        }
        PartitionImage partition = topic.partition(number);
        if (partition == null) {
            throw new UnknownTopicOrPartitionException(
                    "No such partition as " + topicName + "-" + number);
        }
        return request.electionType() == PREFERRED
                ? preferred(image, topic, partition)
                : unclean(image, topic, partition);
    }

    private static PartitionRecord preferred(
            MetadataImage image, TopicImage topic, PartitionImage partition) {
        int preferred = partition.assignedReplicas().getFirst();
        if (partition.leaderId() == preferred
                && image.isActive(preferred, partition.leaderNodeEpoch())) {
            throw new ElectionNotNeededException("Leader election not needed for topic partition.");
        }
        List<IsrMember> inSync = Elections.activeMembers(image, partition);
        for (IsrMember member : inSync) {
            if (member.nodeId() == preferred) {
                return Elections.lead(topic.topicId(), partition, member, inSync);
            }
        }
        throw new PreferredLeaderNotAvailableException("The preferred leader was not available.");
    }

    private static PartitionRecord unclean(
            MetadataImage image, TopicImage topic, PartitionImage partition) {
        if (partition.leaderId() >= 0) {
            throw new ElectionNotNeededException("Leader election not needed for topic partition.");
        }
        IsrMember survivor = firstActive(image, partition);
        if (survivor == null) {
            throw new EligibleLeadersNotAvailableException(
                    "Eligible topic partition leaders are not available.");
        }
        return Elections.lead(topic.topicId(), partition, survivor, List.of(survivor))
                .setLastKnownElr(List.of())
                .setEligibleLeaderReplicas(List.of());
    }

    private static @Nullable IsrMember firstActive(MetadataImage image, PartitionImage partition) {
        for (int nodeId : partition.assignedReplicas()) {
            var node = image.nodes().get(nodeId);
            if (node != null && !node.fenced()) {
                return new IsrMember(nodeId, node.nodeEpoch());
            }
        }
        return null;
    }
}
