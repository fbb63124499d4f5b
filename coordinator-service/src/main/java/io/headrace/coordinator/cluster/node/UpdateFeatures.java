package io.headrace.coordinator.cluster.node;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;

import org.apache.kafka.common.errors.InvalidUpdateVersionException;
import org.apache.kafka.common.message.UpdateFeaturesRequestData;
import org.apache.kafka.common.message.UpdateFeaturesResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * Checks wanted feature levels (KIP-584). One level of each feature exists in this version of the
 * software, so nothing ever changes: asking for what is so is accepted, all else is refused.
 */
public record UpdateFeatures(UpdateFeaturesRequestData request)
        implements Command<UpdateFeaturesResponseData> {

    @Override
    public Decision<UpdateFeaturesResponseData> decide(ControllerState state, long nowMs) {
        UpdateFeaturesResponseData response =
                new UpdateFeaturesResponseData().setErrorMessage(null);
        List<String> problems = new ArrayList<>();
        for (var update : request.featureUpdates()) {
            String problem = problem(update.feature(), update.maxVersionLevel());
            if (problem != null) {
                problems.add(problem);
            }
            response.results()
                    .add(
                            new UpdateFeaturesResponseData.UpdatableFeatureResult()
                                    .setFeature(update.feature())
                                    .setErrorCode(
                                            problem == null
                                                    ? Errors.NONE.code()
                                                    : Errors.INVALID_UPDATE_VERSION.code())
                                    .setErrorMessage(problem));
        }
        if (!problems.isEmpty()) {
            // From version 2 on an error stands for the whole request.
            throw new InvalidUpdateVersionException(String.join(" ", problems));
        }
        return Decision.answer(response);
    }

    private static @Nullable String problem(String feature, short level) {
        Short known = Features.INITIAL.get(feature);
        if (known == null) {
            return "Invalid update version "
                    + level
                    + " for feature "
                    + feature
                    + ". The controller does not support the given feature.";
        }
        if (known != level) {
            return "Invalid update version "
                    + level
                    + " for feature "
                    + feature
                    + ". The controller only supports version "
                    + known
                    + ".";
        }
        return null;
    }
}
