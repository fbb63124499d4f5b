package io.headrace.coordinator.handler.group;

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
 * An API whose requests are about several groups: each shard is asked for its own, and the answers
 * become one.
 *
 * @param <Q> the request
 * @param <R> the response
 * @param <G> a group as the request names it
 */
abstract class ManyGroupsHandler<Q extends ApiMessage, R extends ApiMessage, G>
        implements ForwardedHandler {
    private final ApiKeys api;
    private final Class<Q> requestType;
    private final Class<R> responseType;
    private final GroupRouter router;

    ManyGroupsHandler(
            ApiKeys api, Class<Q> requestType, Class<R> responseType, GroupRouter router) {
        this.api = api;
        this.requestType = requestType;
        this.responseType = responseType;
        this.router = router;
    }

    /** The groups that a request is about. */
    abstract List<G> groups(Q request, short version);

    abstract String groupId(G group);

    /** A request about some of the groups. */
    abstract Q part(Q whole, List<G> groups);

    /** The answer to the whole request, in its version. */
    abstract R whole(Q request, short version, List<R> parts);

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
        Map<Integer, List<G>> byShard = new LinkedHashMap<>();
        for (G group : groups(body, request.apiVersion())) {
            byShard.computeIfAbsent(router.shardOf(groupId(group)), shard -> new ArrayList<>())
                    .add(group);
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
                (shard, groups) ->
                        router.route(request, shard, part(body, groups), gathering::add));
    }
}
