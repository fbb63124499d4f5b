package io.headrace.coordinator.handler.group;

import io.headrace.coordinator.handler.ForwardedHandler;
import io.headrace.coordinator.handler.ForwardedRequest;
import io.headrace.coordinator.handler.routing.Gathering;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ListGroupsPage;

import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Set;

/** ListGroups: the groups of every shard that this coordinator owns. */
final class ListGroupsHandler implements ForwardedHandler {
    private final GroupRouter router;

    ListGroupsHandler(GroupRouter router) {
        this.router = router;
    }

    @Override
    public short apiKey() {
        return ApiKeys.LIST_GROUPS.id;
    }

    @Override
    public short minVersion() {
        return ApiCatalog.get(ApiKeys.LIST_GROUPS).oldestVersion();
    }

    @Override
    public short maxVersion() {
        return ApiCatalog.get(ApiKeys.LIST_GROUPS).latestVersion();
    }

    @Override
    public void handle(ForwardedRequest request) {
        ListGroupsRequestData body = request.body(ListGroupsRequestData.class);
        Set<Integer> shards = router.shards().indexes();
        Gathering<ListGroupsResponseData> gathering =
                new Gathering<>(
                        shards.size(),
                        ListGroupsResponseData.class,
                        parts -> request.reply(whole(parts, ListGroupsPage.of(body))));
        for (int shard : shards) {
            router.route(request, shard, body, gathering::add);
        }
    }

    /** For all group APIs: they share the router. */
    @Override
    public void onLinkClosed(long linkId) {
        router.onLinkClosed(linkId);
    }

    /** All groups, or an error: but for shards that moved away meanwhile, whose owner is asked. */
    private static ListGroupsResponseData whole(
            List<ListGroupsResponseData> parts, @Nullable ListGroupsPage page) {
        ListGroupsResponseData whole = new ListGroupsResponseData();
        for (ListGroupsResponseData part : parts) {
            boolean hasMoved = part.errorCode() == Errors.NOT_COORDINATOR.code();
            if (part.errorCode() != Errors.NONE.code() && !hasMoved) {
                return new ListGroupsResponseData().setErrorCode(part.errorCode());
            }
            whole.groups().addAll(part.groups());
        }
        return page == null ? whole : page.merge(parts);
    }
}
