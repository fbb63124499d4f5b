package io.headrace.coordinator.cluster.node;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.protocol.metadata.NodeImage;

import org.apache.kafka.common.protocol.ApiMessage;

import java.util.ArrayList;
import java.util.List;

/**
 * Fences nodes that are gone or silent and unfences those that have caught up with their
 * registration. The answer is how many changed.
 *
 * <p>Silence counts from one session timeout after the controller's own take-over. A controller
 * that sees no node fences none; one that sees fewer than half of them first gives another the time
 * to take the role.
 */
public record ReviewNodes() implements Command<Integer> {
    @Override
    public Decision<Integer> decide(ControllerState state, long nowMs) {
        List<ApiMessage> records = new ArrayList<>();
        boolean mayFence = state.mayFence(nowMs);
        for (NodeImage node : state.image().nodes().values()) {
            boolean live = state.isLive(node, nowMs);
            boolean lost = !live && (state.countsSilence(nowMs) || state.isGone(node));
            if (!node.fenced() && lost && mayFence) {
                records.add(node.toRecord(true));
            } else if (node.fenced()
                    && live
                    && !state.wantsShutDown(node.nodeId())
                    && state.appliedOffset(node) > node.nodeEpoch()) {
                records.add(node.toRecord(false));
            }
        }
        return new Decision<>(records, records.size());
    }
}
