package io.headrace.coordinator.handler;

import org.apache.kafka.common.message.AddPartitionsToTxnResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.security.auth.KafkaPrincipal;

import java.net.InetAddress;

/**
 * AddPartitionsToTxn as another coordinator asks it, without an envelope: on behalf of no client.
 */
final class AddPartitionsOfNodesHandler implements NodeHandler {
    private static final short BATCHED = 4;

    private final HandlerTable handlers;

    AddPartitionsOfNodesHandler(HandlerTable handlers) {
        this.handlers = handlers;
    }

    @Override
    public short apiKey() {
        return ApiKeys.ADD_PARTITIONS_TO_TXN.id;
    }

    @Override
    public short minVersion() {
        return BATCHED;
    }

    @Override
    public short maxVersion() {
        return ApiKeys.ADD_PARTITIONS_TO_TXN.latestVersion();
    }

    @Override
    public void handle(NodeRequest request) {
        ForwardedHandler handler = handlers.find(apiKey(), request.head().apiVersion());
        if (handler == null) {
            request.reply(failed(Errors.UNSUPPORTED_VERSION));
            return;
        }
        handler.handle(
                new ForwardedRequest(
                        request.head(),
                        request.body(),
                        KafkaPrincipal.ANONYMOUS,
                        InetAddress.getLoopbackAddress(),
                        request.connection().connection().id(),
                        request::reply,
                        error -> request.reply(failed(error))));
    }

    private static AddPartitionsToTxnResponseData failed(Errors error) {
        return new AddPartitionsToTxnResponseData().setErrorCode(error.code());
    }
}
