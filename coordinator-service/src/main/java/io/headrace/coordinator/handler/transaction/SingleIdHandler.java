package io.headrace.coordinator.handler.transaction;

import io.headrace.coordinator.handler.ForwardedHandler;
import io.headrace.coordinator.handler.ForwardedRequest;
import io.headrace.protocol.codec.ApiCatalog;

import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.function.Function;

/** An API whose requests are about one transactional id, served by its shard as it comes. */
class SingleIdHandler<Q extends ApiMessage> implements ForwardedHandler {
    private final ApiKeys api;
    private final Class<Q> requestType;
    private final Function<Q, String> transactionalId;
    private final TransactionRouter router;

    SingleIdHandler(
            ApiKeys api,
            Class<Q> requestType,
            Function<Q, String> transactionalId,
            TransactionRouter router) {
        this.api = api;
        this.requestType = requestType;
        this.transactionalId = transactionalId;
        this.router = router;
    }

    @Override
    public short apiKey() {
        return api.id;
    }

    @Override
    public short minVersion() {
        return ApiCatalog.get(api).oldestVersion();
    }

    @Override
    public short maxVersion() {
        return ApiCatalog.get(api).latestVersion();
    }

    @Override
    public void handle(ForwardedRequest request) {
        Q body = request.body(requestType);
        int shard = router.shardOf(transactionalId.apply(body));
        if (router.isOurs(shard)) {
            router.route(request, shard, body, request::reply);
        } else {
            request.refuse(Errors.NOT_COORDINATOR);
        }
    }
}
