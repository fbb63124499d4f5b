package io.headrace.storage.handler;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Request;

import org.apache.kafka.common.message.SaslHandshakeResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.List;

/** SaslHandshake: this listener is PLAINTEXT, so no mechanism is offered. */
final class SaslHandshakeHandler implements ApiHandler {
    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiKeys.SASL_HANDSHAKE);
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        request.reply(
                new SaslHandshakeResponseData()
                        .setErrorCode(Errors.UNSUPPORTED_SASL_MECHANISM.code())
                        .setMechanisms(List.of()));
    }
}
