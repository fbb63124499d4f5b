package io.headrace.coordinator.handler.routing;

import io.headrace.coordinator.handler.ForwardedHandler;
import io.headrace.coordinator.handler.ForwardedRequest;
import io.headrace.protocol.codec.ApiCatalog;

import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An API whose requests are about several things of several shards: each shard is asked for its
 * own, and the answers become one.
 *
 * @param <Q> the request
 * @param <R> the response
 * @param <T> a group or transaction as the request names it
 */
public abstract class ManyShardsHandler<Q extends ApiMessage, R extends ApiMessage, T>
        implements ForwardedHandler {
    private final ApiKeys api;
    private final Class<Q> requestType;
    private final Class<R> responseType;
    private final ShardRouter router;

    protected ManyShardsHandler(
            ApiKeys api, Class<Q> requestType, Class<R> responseType, ShardRouter router) {
        this.api = api;
        this.requestType = requestType;
        this.responseType = responseType;
        this.router = router;
    }

    /** What a request is about. */
    protected abstract List<T> things(Q request, short version);

    /** The id that belongs to a shard. */
    protected abstract String id(T thing);

    /** A request about some of the things. */
    protected abstract Q part(Q whole, List<T> things);

    /** The answer to the whole request, in its version. */
    protected abstract R whole(Q request, short version, List<R> parts);

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
        Map<Integer, List<T>> byShard = new LinkedHashMap<>();
        for (T thing : things(body, request.apiVersion())) {
            byShard.computeIfAbsent(router.shardOf(id(thing)), shard -> new ArrayList<>())
                    .add(thing);
        }
        if (!byShard.isEmpty() && byShard.keySet().stream().noneMatch(router::isOurs)) {
            request.refuse(Errors.NOT_COORDINATOR);
            return;
        }
        Gathering<R> gathering =
                new Gathering<>(
                        byShard.size(),
                        responseType,
                        parts -> request.reply(whole(body, request.apiVersion(), parts)));
        byShard.forEach(
                (shard, things) ->
                        router.route(request, shard, part(body, things), gathering::add));
    }
}
