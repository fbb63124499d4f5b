package io.headrace.coordinator.cluster.node;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.CoordinatorIdentity;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.record.FeatureRecord;

import org.apache.kafka.common.protocol.ApiMessage;

import java.util.ArrayList;
import java.util.List;

/**
 * What a new controller commits before it serves: the feature levels of a new cluster, and what
 * {@link ReviewCoordinators} finds. The answer is how many records that took.
 *
 * @param live the coordinators that are alive, the new controller among them
 */
public record BeginTakeOver(List<CoordinatorIdentity> live) implements Command<Integer> {

    @Override
    public Decision<Integer> decide(ControllerState state, long nowMs) {
        MetadataImage image = state.image();
        List<ApiMessage> records = new ArrayList<>();
        for (var feature : Features.INITIAL.entrySet()) {
            if (!image.features().containsKey(feature.getKey())) {
                records.add(
                        new FeatureRecord().setName(feature.getKey()).setLevel(feature.getValue()));
            }
        }
        records.addAll(new ReviewCoordinators(live).decide(state, nowMs).records());
        return new Decision<>(records, records.size());
    }
}
