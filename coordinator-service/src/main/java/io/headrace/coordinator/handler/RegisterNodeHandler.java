package io.headrace.coordinator.handler;

import io.headrace.coordinator.cluster.node.RegisterNode;
import io.headrace.coordinator.metadata.Controller;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.message.RegisterNodeRequestData;
import io.headrace.protocol.message.RegisterNodeResponseData;
import io.headrace.protocol.metadata.MetadataImage;

import org.apache.kafka.common.protocol.Errors;

/** RegisterNode: a storage node's incarnation becomes known, fenced until it has caught up. */
final class RegisterNodeHandler implements NodeHandler {
    private static final String STORAGE = "storage";

    private final Controller controller;
    private final long sessionTimeoutMs;

    RegisterNodeHandler(Controller controller, long sessionTimeoutMs) {
        this.controller = controller;
        this.sessionTimeoutMs = sessionTimeoutMs;
    }

    @Override
    public short apiKey() {
        return ApiCatalog.REGISTER_NODE;
    }

    @Override
    public void handle(NodeRequest request) {
        RegisterNodeRequestData body = request.body(RegisterNodeRequestData.class);
        if (!body.role().equals(STORAGE)) {
            request.reply(
                    response()
                            .setErrorCode(Errors.INVALID_REQUEST.code())
                            .setErrorMessage("Nodes of role " + body.role() + " do not register"));
            return;
        }
        controller
                .submit(new RegisterNode(body))
                .whenComplete(
                        (nodeEpoch, failure) ->
                                request.reply(
                                        failure == null
                                                ? response().setNodeEpoch(nodeEpoch)
                                                : response()
                                                        .setErrorCode(
                                                                Failures.error(failure).code())
                                                        .setErrorMessage(
                                                                Failures.message(failure))));
    }

    private RegisterNodeResponseData response() {
        MetadataImage image = controller.metadataLog().image();
        return new RegisterNodeResponseData()
                .setClusterId(image.clusterId())
                .setControllerId(image.controllerId())
                .setControllerEpoch(image.controllerEpoch())
                .setSessionTimeoutMs(Math.toIntExact(sessionTimeoutMs));
    }
}
