package io.headrace.coordinator.handler;

import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.security.auth.KafkaPrincipal;

import java.net.InetAddress;
import java.util.function.BiFunction;

/** A forwarded API as another coordinator asks it, without an envelope: on behalf of no client. */
final class BareRequestHandler implements NodeHandler {
    private final ApiKeys api;
    private final short minVersion;
    private final HandlerTable handlers;
    private final BiFunction<ApiMessage, Errors, ApiMessage> errors;

    /**
     * @param errors makes the response that tells of an error of the whole request
     */
    BareRequestHandler(
            ApiKeys api,
            short minVersion,
            HandlerTable handlers,
            BiFunction<ApiMessage, Errors, ApiMessage> errors) {
        this.api = api;
        this.minVersion = minVersion;
        this.handlers = handlers;
        this.errors = errors;
    }

    @Override
    public short apiKey() {
        return api.id;
    }

    @Override
    public short minVersion() {
        return minVersion;
    }

    @Override
    public short maxVersion() {
        return api.latestVersion();
    }

    @Override
    public void handle(NodeRequest request) {
        ForwardedHandler handler = handlers.find(apiKey(), request.head().apiVersion());
        if (handler == null) {
            request.reply(errors.apply(request.body(), Errors.UNSUPPORTED_VERSION));
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
                        error -> request.reply(errors.apply(request.body(), error))));
    }
}
