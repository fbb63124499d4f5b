package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.record.RemoveNodeRecord;

import org.apache.kafka.common.errors.BrokerIdNotRegisteredException;

import java.util.List;

/**
 * Takes away a node that left for good (KIP-746). Its partitions wait for it or another replica.
 */
public record UnregisterNode(int nodeId) implements Command<Integer> {
    @Override
    public Decision<Integer> decide(ControllerState state, long nowMs) {
        if (!state.image().nodes().containsKey(nodeId)) {
            throw new BrokerIdNotRegisteredException(
                    "Broker ID " + nodeId + " is not currently registered");
        }
        return new Decision<>(List.of(new RemoveNodeRecord().setNodeId(nodeId)), nodeId);
    }

    @Override
    public boolean awaitsNodes() {
        return true;
    }
}
