package io.headrace.coordinator.cluster.node;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.record.ProducerIdsRecord;

import org.apache.kafka.common.errors.BrokerIdNotRegisteredException;
import org.apache.kafka.common.errors.StaleBrokerEpochException;
import org.apache.kafka.common.message.AllocateProducerIdsRequestData;
import org.apache.kafka.common.message.AllocateProducerIdsResponseData;

import java.util.List;

/**
 * Gives a registered incarnation, or a coordinator, a block of producer ids that nobody else has or
 * will get.
 */
public record AllocateProducerIds(AllocateProducerIdsRequestData request)
        implements Command<AllocateProducerIdsResponseData> {
    static final int BLOCK_LENGTH = 1_000;

    @Override
    public Decision<AllocateProducerIdsResponseData> decide(ControllerState state, long nowMs) {
        NodeImage node = state.image().nodes().get(request.brokerId());
        boolean isCoordinator = state.image().coordinators().containsKey(request.brokerId());
        if (node == null && !isCoordinator) {
            throw new BrokerIdNotRegisteredException(
                    "Node " + request.brokerId() + " is not registered");
        }
        if (node != null && node.nodeEpoch() != request.brokerEpoch()) {
            throw new StaleBrokerEpochException(
                    "Node " + request.brokerId() + " has registered again since");
        }
        long first = state.image().nextProducerId();
        if (first > Long.MAX_VALUE - BLOCK_LENGTH) {
            throw new org.apache.kafka.common.errors.UnknownServerException(
                    "All producer ids are used");
        }
        return new Decision<>(
                List.of(
                        new ProducerIdsRecord()
                                .setNodeId(request.brokerId())
                                .setNextProducerId(first + BLOCK_LENGTH)),
                new AllocateProducerIdsResponseData()
                        .setProducerIdStart(first)
                        .setProducerIdLen(BLOCK_LENGTH));
    }
}
