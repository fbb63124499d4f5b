package io.headrace.coordinator.handler.routing;

import io.headrace.coordinator.handler.ForwardedHandler;
import io.headrace.coordinator.handler.ForwardedRequest;
import io.headrace.protocol.codec.ApiCatalog;

import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;

import java.util.List;
import java.util.Set;

/**
 * An API that asks for what is in all shards: each one that this coordinator owns is asked, and the
 * answers become one.
 *
 * @param <Q> the request
 * @param <R> the response
 */
public abstract class EveryShardHandler<Q extends ApiMessage, R extends ApiMessage>
        implements ForwardedHandler {
    private final ApiKeys api;
    private final Class<Q> requestType;
    private final Class<R> responseType;
    private final ShardRouter router;

    protected EveryShardHandler(
            ApiKeys api, Class<Q> requestType, Class<R> responseType, ShardRouter router) {
        this.api = api;
        this.requestType = requestType;
        this.responseType = responseType;
        this.router = router;
    }

    /** The answer to the request. */
    protected abstract R whole(Q body, List<R> parts);

    @Override
    public final short apiKey() {
        return api.id;
    }

    @Override
    public final short minVersion() {
        return ApiCatalog.get(api).oldestVersion();
    }

    @Override
    public final short maxVersion() {
        return ApiCatalog.get(api).latestVersion();
    }

    @Override
    public final void handle(ForwardedRequest request) {
        Q body = request.body(requestType);
        Set<Integer> shards = router.shards().indexes();
        Gathering<R> gathering =
                new Gathering<>(
                        shards.size(), responseType, parts -> request.reply(whole(body, parts)));
        for (int shard : shards) {
            router.route(request, shard, body, gathering::add);
        }
    }
}
