package io.headrace.coordinator.cluster.node;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.MetadataRecords;
import io.headrace.protocol.metadata.NodeImage;

import org.apache.kafka.common.message.DescribeQuorumRequestData;
import org.apache.kafka.common.message.DescribeQuorumResponseData;
import org.apache.kafka.common.message.DescribeQuorumResponseData.Listener;
import org.apache.kafka.common.message.DescribeQuorumResponseData.ListenerCollection;
import org.apache.kafka.common.message.DescribeQuorumResponseData.Node;
import org.apache.kafka.common.message.DescribeQuorumResponseData.PartitionData;
import org.apache.kafka.common.message.DescribeQuorumResponseData.ReplicaState;
import org.apache.kafka.common.message.DescribeQuorumResponseData.TopicData;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.List;

/** Describes who keeps the metadata: coordinators as voters, storage nodes as observers. */
public record DescribeQuorum(DescribeQuorumRequestData request)
        implements Command<DescribeQuorumResponseData> {

    @Override
    public Decision<DescribeQuorumResponseData> decide(ControllerState state, long nowMs) {
        DescribeQuorumResponseData response =
                new DescribeQuorumResponseData().setErrorMessage(null);
        for (var topic : request.topics()) {
            List<PartitionData> partitions = new ArrayList<>();
            for (var partition : topic.partitions()) {
                boolean metadata =
                        topic.topicName().equals(MetadataRecords.TOPIC)
                                && partition.partitionIndex() == 0;
                partitions.add(metadata ? describe(state) : unknown(partition.partitionIndex()));
            }
            response.topics()
                    .add(new TopicData().setTopicName(topic.topicName()).setPartitions(partitions));
        }
        for (var coordinator : state.image().coordinators().values()) {
            ListenerCollection listeners = new ListenerCollection();
            listeners.add(
                    new Listener()
                            .setName("NODE")
                            .setHost(coordinator.host())
                            .setPort(coordinator.port()));
            response.nodes()
                    .add(new Node().setNodeId(coordinator.coordinatorId()).setListeners(listeners));
        }
        return Decision.answer(response);
    }

    private static PartitionData unknown(int partition) {
        return new PartitionData()
                .setPartitionIndex(partition)
                .setErrorCode(Errors.UNKNOWN_TOPIC_OR_PARTITION.code())
                .setErrorMessage(Errors.UNKNOWN_TOPIC_OR_PARTITION.message());
    }

    private static PartitionData describe(ControllerState state) {
        MetadataImage image = state.image();
        List<ReplicaState> voters = new ArrayList<>();
        for (int coordinatorId : image.coordinators().keySet()) {
            boolean leader = coordinatorId == image.controllerId();
            voters.add(
                    new ReplicaState()
                            .setReplicaId(coordinatorId)
                            .setLogEndOffset(leader ? image.nextOffset() : -1));
        }
        List<ReplicaState> observers = new ArrayList<>();
        for (NodeImage node : image.nodes().values()) {
            observers.add(
                    new ReplicaState()
                            .setReplicaId(node.nodeId())
                            .setLogEndOffset(state.appliedOffset(node)));
        }
        return new PartitionData()
                .setPartitionIndex(0)
                .setErrorMessage(null)
                .setLeaderId(image.controllerId())
                .setLeaderEpoch(Math.toIntExact(image.controllerEpoch()))
                .setHighWatermark(image.nextOffset())
                .setCurrentVoters(voters)
                .setObservers(observers);
    }
}
