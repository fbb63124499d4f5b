package io.headrace.coordinator.handler.admin;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.node.UpdateFeatures;
import io.headrace.coordinator.metadata.Controller;

import org.apache.kafka.common.message.UpdateFeaturesRequestData;
import org.apache.kafka.common.message.UpdateFeaturesResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/** UpdateFeatures. */
final class UpdateFeaturesHandler
        extends AdminHandler<UpdateFeaturesRequestData, UpdateFeaturesResponseData> {

    UpdateFeaturesHandler(Controller controller) {
        super(ApiKeys.UPDATE_FEATURES, UpdateFeaturesRequestData.class, controller);
    }

    @Override
    Command<UpdateFeaturesResponseData> command(UpdateFeaturesRequestData request) {
        return new UpdateFeatures(request);
    }

    @Override
    UpdateFeaturesResponseData refusal(
            UpdateFeaturesRequestData request, Errors error, String message) {
        return new UpdateFeaturesResponseData().setErrorCode(error.code()).setErrorMessage(message);
    }
}
