package io.headrace.coordinator.handler.admin;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.replica.ElectLeaders;
import io.headrace.coordinator.metadata.Controller;

import org.apache.kafka.common.message.ElectLeadersRequestData;
import org.apache.kafka.common.message.ElectLeadersResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/** ElectLeaders. */
final class ElectLeadersHandler
        extends AdminHandler<ElectLeadersRequestData, ElectLeadersResponseData> {

    ElectLeadersHandler(Controller controller) {
        super(ApiKeys.ELECT_LEADERS, ElectLeadersRequestData.class, controller);
    }

    @Override
    Command<ElectLeadersResponseData> command(ElectLeadersRequestData request) {
        return new ElectLeaders(request);
    }

    @Override
    ElectLeadersResponseData refusal(
            ElectLeadersRequestData request, Errors error, String message) {
        return new ElectLeadersResponseData().setErrorCode(error.code());
    }
}
