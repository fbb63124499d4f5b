package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.protocol.ApiMessage;

import java.util.ArrayList;
import java.util.List;

/**
 * Gives partitions the leader they should have, a bounded number at a time. The answer says whether
 * the pass saw every partition.
 */
public record ElectDueLeaders() implements Command<Boolean> {
    @Override
    public Decision<Boolean> decide(ControllerState state, long nowMs) {
        List<ApiMessage> records = new ArrayList<>();
        for (TopicImage topic : state.image().topicsById().values()) {
            for (PartitionImage partition : topic.partitions().values()) {
                PartitionRecord record = Elections.elect(state, topic.topicId(), partition, nowMs);
                if (record != null) {
                    records.add(record);
                }
                if (records.size() == ClusterRules.ELECTION_BATCH) {
                    return new Decision<>(records, false);
                }
            }
        }
        return new Decision<>(records, true);
    }
}
