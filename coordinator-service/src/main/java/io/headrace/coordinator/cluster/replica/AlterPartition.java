package io.headrace.coordinator.cluster.replica;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.coordinator.cluster.Elections;
import io.headrace.coordinator.cluster.PartitionChange;
import io.headrace.coordinator.cluster.PartitionKey;
import io.headrace.coordinator.cluster.Reassignments;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.message.AlterPartitionRequestData;
import org.apache.kafka.common.message.AlterPartitionRequestData.BrokerState;
import org.apache.kafka.common.message.AlterPartitionResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A leader changes the in-sync replicas of what it leads (KIP-497, KIP-841, KIP-903).
 *
 * <p>Accepted only from the very incarnation that leads, in its leader epoch, against the current
 * partition epoch, and only with members whose named incarnations are registered, unfenced and not
 * about to shut down. The change is the leader's once it is committed; until then the leader counts
 * committed and proposed members alike.
 */
public record AlterPartition(AlterPartitionRequestData request)
        implements Command<AlterPartitionResponseData> {

    @Override
    public boolean isUrgent() {
        return true;
    }

    @Override
    public Decision<AlterPartitionResponseData> decide(ControllerState state, long nowMs) {
        state.requireRegistered(request.brokerId(), request.brokerEpoch());
        List<ApiMessage> records = new ArrayList<>();
        Set<PartitionKey> seen = new HashSet<>();
        AlterPartitionResponseData response = new AlterPartitionResponseData();
        for (var topic : request.topics()) {
            var answer = new AlterPartitionResponseData.TopicData().setTopicId(topic.topicId());
            for (var wanted : topic.partitions()) {
                PartitionKey key = new PartitionKey(topic.topicId(), wanted.partitionIndex());
                Errors problem =
                        seen.add(key) ? problem(state, key, wanted) : Errors.INVALID_REQUEST;
                answer.partitions()
                        .add(
                                problem == Errors.NONE
                                        ? accepted(state, key, wanted, records)
                                        : new AlterPartitionResponseData.PartitionData()
                                                .setPartitionIndex(wanted.partitionIndex())
                                                .setErrorCode(problem.code()));
            }
            response.topics().add(answer);
        }
        return new Decision<>(records, response);
    }

    private Errors problem(
            ControllerState state,
            PartitionKey key,
            AlterPartitionRequestData.PartitionData wanted) {
        TopicImage topic = state.image().topic(key.topicId());
        if (topic == null) {
            return Errors.UNKNOWN_TOPIC_ID;
        }
        PartitionImage partition = topic.partition(key.partition());
        if (partition == null) {
            return Errors.UNKNOWN_TOPIC_OR_PARTITION;
        }
        if (wanted.leaderEpoch() > partition.leaderEpoch()
                || wanted.partitionEpoch() > partition.partitionEpoch()) {
            // The leader knows of a later controller's decision.
            return Errors.NOT_CONTROLLER;
        }
        if (wanted.leaderEpoch() < partition.leaderEpoch()) {
            return Errors.FENCED_LEADER_EPOCH;
        }
        if (partition.leaderId() != request.brokerId()
                || partition.leaderNodeEpoch() != request.brokerEpoch()) {
            return Errors.INVALID_REQUEST;
        }
        if (wanted.partitionEpoch() < partition.partitionEpoch()) {
            return Errors.INVALID_UPDATE_VERSION;
        }
        return memberProblem(state, partition, wanted.newIsrWithEpochs());
    }

    private Errors memberProblem(
            ControllerState state, PartitionImage partition, List<BrokerState> members) {
        Set<Integer> ids = new HashSet<>();
        for (BrokerState member : members) {
            if (!ids.add(member.brokerId())
                    || !partition.assignedReplicas().contains(member.brokerId())) {
                return Errors.INVALID_REQUEST;
            }
        }
        if (!ids.contains(request.brokerId())) {
            return Errors.INVALID_REQUEST;
        }
        for (BrokerState member : members) {
            boolean leads = member.brokerId() == request.brokerId();
            boolean named =
                    Elections.isUsable(state, partition, member.brokerId(), member.brokerEpoch());
            if (!named || (!leads && state.wantsShutDown(member.brokerId()))) {
                return Errors.INELIGIBLE_REPLICA;
            }
        }
        return Errors.NONE;
    }

    private AlterPartitionResponseData.PartitionData accepted(
            ControllerState state,
            PartitionKey key,
            AlterPartitionRequestData.PartitionData wanted,
            List<ApiMessage> records) {
        PartitionImage partition = state.image().partition(key.topicId(), key.partition());
        TopicImage topic = state.image().topic(key.topicId());
        if (partition == null || topic == null) {
            throw new IllegalStateException("Partition " + key + " vanished while it was decided");
        }
        List<IsrMember> isr = inAssignedOrder(partition, wanted.newIsrWithEpochs());
        PartitionRecord record = record(state, topic, partition, isr);
        records.add(record);
        return record.leaderEpoch() == partition.leaderEpoch()
                ? answer(record)
                // The reassignment that this change completed took the leadership away.
                : new AlterPartitionResponseData.PartitionData()
                        .setPartitionIndex(key.partition())
                        .setErrorCode(Errors.NEW_LEADER_ELECTED.code());
    }

    private static PartitionRecord record(
            ControllerState state,
            TopicImage topic,
            PartitionImage partition,
            List<IsrMember> isr) {
        PartitionChange change =
                PartitionChange.of(topic.topicId(), partition).isr(isr).forgetUncleanWhenEnough();
        if (Reassignments.isMoving(partition)) {
            var configs = state.image().configsOf(ConfigResourceKey.topic(topic.name()));
            if (Reassignments.completes(partition, isr, configs)) {
                Reassignments.complete(state.image(), change, partition, isr, configs);
                return change.toRecord();
            }
        }
        // Also when nothing changes: the partition epoch then shows the leader that nothing which
        // it
        // proposed before can be committed any more.
        return change.toRecord();
    }

    private static List<IsrMember> inAssignedOrder(
            PartitionImage partition, List<BrokerState> members) {
        List<IsrMember> isr = new ArrayList<>(members.size());
        for (int nodeId : partition.assignedReplicas()) {
            for (BrokerState member : members) {
                if (member.brokerId() == nodeId) {
                    isr.add(new IsrMember(nodeId, member.brokerEpoch()));
                }
            }
        }
        return isr;
    }

    private static AlterPartitionResponseData.PartitionData answer(PartitionRecord record) {
        List<Integer> isr = new ArrayList<>(record.isr().size());
        record.isr().forEach(member -> isr.add(member.nodeId()));
        return new AlterPartitionResponseData.PartitionData()
                .setPartitionIndex(record.partitionId())
                .setLeaderId(record.leader())
                .setLeaderEpoch(record.leaderEpoch())
                .setIsr(isr)
                .setPartitionEpoch(record.partitionEpoch());
    }
}
