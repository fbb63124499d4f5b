package io.headrace.coordinator.cluster.node;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.coordinator.cluster.replica.Upkeep;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.record.ConfigRecord;
import io.headrace.protocol.metadata.record.RemoveNodeRecord;

import org.apache.kafka.common.errors.BrokerIdNotRegisteredException;
import org.apache.kafka.common.protocol.ApiMessage;

import java.util.ArrayList;
import java.util.List;

/**
 * Takes away a node that left for good (KIP-746). {@link Upkeep} makes its replicas anew elsewhere,
 * of partitions that have another one in sync.
 */
public record UnregisterNode(int nodeId) implements Command<Integer> {
    @Override
    public Decision<Integer> decide(ControllerState state, long nowMs) {
        if (!state.image().nodes().containsKey(nodeId)) {
            throw new BrokerIdNotRegisteredException(
                    "Broker ID " + nodeId + " is not currently registered");
        }
        List<ApiMessage> records = new ArrayList<>();
        String name = String.valueOf(nodeId);
        var key = new ConfigResourceKey(ConfigResourceKey.BROKER, name);
        for (String config : state.image().configsOf(key).keySet()) {
            records.add(
                    new ConfigRecord()
                            .setResourceType(ConfigResourceKey.BROKER)
                            .setResourceName(name)
                            .setName(config)
                            .setValue(null));
        }
        records.add(new RemoveNodeRecord().setNodeId(nodeId));
        return new Decision<>(records, nodeId);
    }

    @Override
    public boolean awaitsNodes() {
        return true;
    }
}
