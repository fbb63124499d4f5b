package io.headrace.coordinator.cluster.node;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.protocol.metadata.NodeImage;

import org.apache.kafka.common.Uuid;

import java.util.ArrayList;
import java.util.List;

/**
 * Notes that log directories of a node failed (KIP-858): what lies there can neither lead nor be in
 * sync until a later incarnation holds them again. The answer is how many are newly offline.
 */
public record ReportOfflineLogDirs(int nodeId, long nodeEpoch, List<Uuid> offline)
        implements Command<Integer> {

    @Override
    public boolean isUrgent() {
        return true;
    }

    @Override
    public Decision<Integer> decide(ControllerState state, long nowMs) {
        NodeImage node = state.requireRegistered(nodeId, nodeEpoch);
        List<Uuid> online = new ArrayList<>(node.logDirs());
        online.removeAll(offline);
        int newly = node.logDirs().size() - online.size();
        return newly == 0
                ? Decision.answer(0)
                : new Decision<>(List.of(node.toRecord(node.fenced()).setLogDirs(online)), newly);
    }
}
