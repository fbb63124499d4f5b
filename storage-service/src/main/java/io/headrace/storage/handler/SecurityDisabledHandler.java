package io.headrace.storage.handler;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Request;

import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** An API of ACLs: answered as by a Kafka node that has no authorizer. */
final class SecurityDisabledHandler implements ApiHandler {
    private final ApiSchema api;

    SecurityDisabledHandler(ApiKeys api) {
        this.api = ApiCatalog.get(api);
    }

    @Override
    public ApiSchema api() {
        return api;
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        request.replyError(Errors.SECURITY_DISABLED, "No Authorizer is configured.");
    }
}
