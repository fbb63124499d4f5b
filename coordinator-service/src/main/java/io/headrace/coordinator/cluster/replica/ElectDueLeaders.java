package io.headrace.coordinator.cluster.replica;

import io.headrace.coordinator.cluster.ClusterRules;
import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.protocol.ApiMessage;

import java.util.ArrayList;
import java.util.List;

/**
 * Gives partitions the leader they should have and takes lost replicas out of their ISR, a bounded
 * number at a time, leaderless ones first. The answer says whether the pass saw all that wait.
 */
public record ElectDueLeaders() implements Command<Boolean> {
    @Override
    public Decision<Boolean> decide(ControllerState state, long nowMs) {
        List<ApiMessage> records = new ArrayList<>();
        state.due()
                .first(
                        ClusterRules.ELECTION_BATCH,
                        key -> {
                            PartitionRecord record = state.electionFor(key, nowMs);
                            if (record != null) {
                                records.add(record);
                            }
                            return record != null;
                        });
        return new Decision<>(records, records.size() < ClusterRules.ELECTION_BATCH);
    }
}
