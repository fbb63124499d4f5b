package io.headrace.coordinator.handler.group;

import io.headrace.coordinator.handler.routing.EveryShardHandler;
import io.headrace.protocol.codec.ListGroupsPage;

import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.util.List;

/** ListGroups: the groups of every shard that this coordinator owns. */
final class ListGroupsHandler
        extends EveryShardHandler<ListGroupsRequestData, ListGroupsResponseData> {
    private final GroupRouter router;

    ListGroupsHandler(GroupRouter router) {
        super(
                ApiKeys.LIST_GROUPS,
                ListGroupsRequestData.class,
                ListGroupsResponseData.class,
                router);
        this.router = router;
    }

    /** For all group APIs: they share the router. */
    @Override
    public void onLinkClosed(long linkId) {
        router.onLinkClosed(linkId);
    }

    /** All groups, or an error: but for shards that moved away meanwhile, whose owner is asked. */
    @Override
    protected ListGroupsResponseData whole(
            ListGroupsRequestData body, List<ListGroupsResponseData> parts) {
        ListGroupsPage page = ListGroupsPage.of(body);
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
