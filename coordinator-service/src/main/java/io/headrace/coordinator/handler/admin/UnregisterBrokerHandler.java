package io.headrace.coordinator.handler.admin;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.node.UnregisterNode;
import io.headrace.coordinator.metadata.Controller;

import org.apache.kafka.common.message.UnregisterBrokerRequestData;
import org.apache.kafka.common.message.UnregisterBrokerResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/** UnregisterBroker. */
final class UnregisterBrokerHandler
        extends AdminHandler<UnregisterBrokerRequestData, UnregisterBrokerResponseData> {

    UnregisterBrokerHandler(Controller controller) {
        super(ApiKeys.UNREGISTER_BROKER, UnregisterBrokerRequestData.class, controller);
    }

    @Override
    Command<UnregisterBrokerResponseData> command(UnregisterBrokerRequestData request) {
        return new MappedCommand<>(
                new UnregisterNode(request.brokerId()),
                nodeId -> new UnregisterBrokerResponseData().setErrorMessage(null));
    }

    @Override
    UnregisterBrokerResponseData refusal(
            UnregisterBrokerRequestData request, Errors error, String message) {
        return new UnregisterBrokerResponseData()
                .setErrorCode(error.code())
                .setErrorMessage(message);
    }
}
