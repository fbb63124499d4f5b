package io.headrace.storage.handler;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.message.AuthenticateNodeRequestData;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Request;

import org.apache.kafka.common.protocol.ApiMessage;

/** AuthenticateNode: the other end proves to be a node of this cluster. */
final class AuthenticateNodeHandler implements ApiHandler {
    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiCatalog.AUTHENTICATE_NODE);
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        request.reply(request.client().handshake().onRequest((AuthenticateNodeRequestData) body));
    }
}
