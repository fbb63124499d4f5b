package io.headrace.coordinator.handler.group;

import io.headrace.coordinator.handler.routing.ManyShardsHandler;

import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteGroupsResponseData;
import org.apache.kafka.common.message.DeleteGroupsResponseData.DeletableGroupResult;
import org.apache.kafka.common.protocol.ApiKeys;

import java.util.List;

/** DeleteGroups. */
final class DeleteGroupsHandler
        extends ManyShardsHandler<DeleteGroupsRequestData, DeleteGroupsResponseData, String> {

    DeleteGroupsHandler(GroupRouter router) {
        super(
                ApiKeys.DELETE_GROUPS,
                DeleteGroupsRequestData.class,
                DeleteGroupsResponseData.class,
                router);
    }

    @Override
    protected List<String> things(DeleteGroupsRequestData request, short version) {
        return request.groupsNames();
    }

    @Override
    protected String id(String group) {
        return group;
    }

    @Override
    protected DeleteGroupsRequestData part(DeleteGroupsRequestData whole, List<String> groups) {
        return new DeleteGroupsRequestData().setGroupsNames(groups);
    }

    @Override
    protected DeleteGroupsResponseData whole(
            DeleteGroupsRequestData request, short version, List<DeleteGroupsResponseData> parts) {
        DeleteGroupsResponseData whole = new DeleteGroupsResponseData();
        for (DeleteGroupsResponseData part : parts) {
            for (DeletableGroupResult result : part.results()) {
                whole.results().add(result.duplicate());
            }
        }
        return whole;
    }
}
