package io.headrace.coordinator.handler;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.node.ReportOfflineLogDirs;
import io.headrace.coordinator.cluster.node.ShutDownNode;
import io.headrace.coordinator.metadata.Controller;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;

import org.apache.kafka.common.message.BrokerHeartbeatRequestData;
import org.apache.kafka.common.message.BrokerHeartbeatResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.util.concurrent.CompletableFuture;

/**
 * BrokerHeartbeat: a node wants to shut down, or lost log directories. It is no sign of life; the
 * metadata fetch is.
 */
final class BrokerHeartbeatHandler implements NodeHandler {
    private final Controller controller;

    BrokerHeartbeatHandler(Controller controller) {
        this.controller = controller;
    }

    @Override
    public short apiKey() {
        return ApiKeys.BROKER_HEARTBEAT.id;
    }

    @Override
    public short maxVersion() {
        return 1;
    }

    @Override
    public void handle(NodeRequest request) {
        BrokerHeartbeatRequestData body = request.body(BrokerHeartbeatRequestData.class);
        int nodeId = body.brokerId();
        long nodeEpoch = body.brokerEpoch();
        CompletableFuture<Boolean> mayStop =
                submit(new ReportOfflineLogDirs(nodeId, nodeEpoch, body.offlineLogDirs()))
                        .thenCompose(
                                newly -> {
                                    if (!body.wantShutDown()) {
                                        return CompletableFuture.completedFuture(false);
                                    }
                                    controller.onWantsShutDown(nodeId, nodeEpoch);
                                    return submit(new ShutDownNode(nodeId, nodeEpoch));
                                });
        mayStop.whenComplete(
                (stop, failure) ->
                        request.reply(
                                failure == null
                                        ? answer(body).setShouldShutDown(stop)
                                        : new BrokerHeartbeatResponseData()
                                                .setErrorCode(Failures.error(failure).code())));
    }

    private <R> CompletableFuture<R> submit(Command<R> command) {
        return controller.submit(command);
    }

    private BrokerHeartbeatResponseData answer(BrokerHeartbeatRequestData body) {
        MetadataImage image = controller.metadataLog().image();
        NodeImage node = image.nodes().get(body.brokerId());
        return new BrokerHeartbeatResponseData()
                .setErrorCode(Errors.NONE.code())
                .setIsCaughtUp(body.currentMetadataOffset() >= body.brokerEpoch())
                .setIsFenced(node == null || node.fenced());
    }
}
