package io.headrace.coordinator.cluster.replica;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.coordinator.cluster.Elections;
import io.headrace.coordinator.cluster.PartitionChange;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.Uuid;
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
                add(response, topic.name(), all, state, records, true);
            }
        } else {
            for (var wanted : request.topicPartitions()) {
                add(response, wanted.topic(), wanted.partitions(), state, records, false);
            }
        }
        return new Decision<>(records, response);
    }

    private void add(
            ElectLeadersResponseData response,
            String topicName,
            List<Integer> partitions,
            ControllerState state,
            List<ApiMessage> records,
            boolean changedOnly) {
        List<PartitionResult> results = new ArrayList<>();
        for (int partition : partitions) {
            PartitionResult result =
                    new PartitionResult().setPartitionId(partition).setErrorMessage(null);
            try {
                records.add(elect(state, topicName, partition));
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

    private PartitionRecord elect(ControllerState state, String topicName, int number) {
        TopicImage topic = state.image().topic(topicName);
        if (topic == null) {
            throw new UnknownTopicOrPartitionException("No such topic as " + topicName);
        }
        PartitionImage partition = topic.partition(number);
        if (partition == null) {
            throw new UnknownTopicOrPartitionException(
                    "No such partition as " + topicName + "-" + number);
        }
        return request.electionType() == PREFERRED
                ? preferred(state, topic, partition)
                : unclean(state, topic, partition);
    }

    private static PartitionRecord preferred(
            ControllerState state, TopicImage topic, PartitionImage partition) {
        int preferred = partition.assignedReplicas().getFirst();
        if (partition.leaderId() == preferred
                && state.image().isActive(preferred, partition.leaderNodeEpoch())) {
            throw new ElectionNotNeededException("Leader election not needed for topic partition.");
        }
        PartitionRecord record = preferredRecord(state, topic.topicId(), partition);
        if (record == null) {
            throw new PreferredLeaderNotAvailableException(
                    "The preferred leader was not available.");
        }
        return record;
    }

    /** The record that lets the preferred leader lead, or null if it cannot or does so already. */
    static @Nullable PartitionRecord preferredRecord(
            ControllerState state, Uuid topicId, PartitionImage partition) {
        int preferred = partition.assignedReplicas().getFirst();
        if (partition.leaderId() == preferred || state.wantsShutDown(preferred)) {
            return null;
        }
        List<IsrMember> inSync = Elections.activeMembers(state, partition);
        for (IsrMember member : inSync) {
            if (member.nodeId() == preferred) {
                return PartitionChange.of(topicId, partition).isr(inSync).lead(member).toRecord();
            }
        }
        return null;
    }

    private static PartitionRecord unclean(
            ControllerState state, TopicImage topic, PartitionImage partition) {
        if (partition.leaderId() >= 0) {
            throw new ElectionNotNeededException("Leader election not needed for topic partition.");
        }
        List<IsrMember> survivors = new ArrayList<>();
        for (int nodeId : partition.assignedReplicas()) {
            IsrMember survivor = Elections.usableMember(state, partition, nodeId);
            if (survivor != null) {
                survivors.add(survivor);
            }
        }
        if (survivors.isEmpty()) {
            throw new EligibleLeadersNotAvailableException(
                    "Eligible topic partition leaders are not available.");
        }
        IsrMember longest = Elections.longest(state, topic.topicId(), partition, survivors);
        // What the others hold may differ from now on: none of them is eligible.
        return Elections.lead(topic.topicId(), partition, List.of(longest))
                .setEligibleLeaderReplicas(List.of());
    }
}
