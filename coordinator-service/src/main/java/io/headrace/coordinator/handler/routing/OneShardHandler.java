package io.headrace.coordinator.handler.routing;

import io.headrace.coordinator.handler.ForwardedHandler;
import io.headrace.coordinator.handler.ForwardedRequest;
import io.headrace.protocol.codec.ApiCatalog;

import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.function.Function;

/** An API whose requests are about one shard, which serves them as they come. */
public class OneShardHandler<Q extends ApiMessage> implements ForwardedHandler {
    private final ApiKeys api;
    private final Class<Q> requestType;
    private final Function<Q, String> id;
    private final ShardRouter router;

    /**
     * @param id the id, of a group or a transaction, that belongs to the shard
     */
    public OneShardHandler(
            ApiKeys api, Class<Q> requestType, Function<Q, String> id, ShardRouter router) {
        this.api = api;
        this.requestType = requestType;
        this.id = id;
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
        int shard = router.shardOf(id.apply(body));
        if (router.isOurs(shard)) {
            router.route(request, shard, body);
        } else {
            request.refuse(Errors.NOT_COORDINATOR);
        }
    }
}
