package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.NodeImage;

import org.apache.kafka.common.protocol.ApiMessage;

import java.util.ArrayList;
import java.util.List;

/**
 * Fences nodes that are silent and unfences those that have caught up with their registration. The
 * answer is how many changed.
 */
public record ReviewNodes() implements Command<Integer> {
    @Override
    public Decision<Integer> decide(ControllerState state, long nowMs) {
        List<ApiMessage> records = new ArrayList<>();
        for (NodeImage node : state.image().nodes().values()) {
            boolean live = state.isLive(node, nowMs);
            if (!node.fenced() && !live && state.countsSilence(nowMs)) {
                records.add(NodeRecords.of(node, true));
            } else if (node.fenced() && live && state.appliedOffset(node) > node.nodeEpoch()) {
                records.add(NodeRecords.of(node, false));
            }
        }
        return new Decision<>(records, records.size());
    }
}
