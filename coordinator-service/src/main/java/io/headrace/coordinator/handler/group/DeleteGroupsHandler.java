package io.headrace.coordinator.handler.group;

import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteGroupsResponseData;
import org.apache.kafka.common.message.DeleteGroupsResponseData.DeletableGroupResult;
import org.apache.kafka.common.protocol.ApiKeys;

import java.util.List;

/** DeleteGroups. */
final class DeleteGroupsHandler
        extends ManyGroupsHandler<DeleteGroupsRequestData, DeleteGroupsResponseData, String> {

    DeleteGroupsHandler(GroupRouter router) {
        super(
                ApiKeys.DELETE_GROUPS,
                DeleteGroupsRequestData.class,
                DeleteGroupsResponseData.class,
                router);
    }

    @Override
    List<String> groups(DeleteGroupsRequestData request, short version) {
        return request.groupsNames();
    }

    @Override
    String groupId(String group) {
        return group;
    }

    @Override
    DeleteGroupsRequestData part(DeleteGroupsRequestData whole, List<String> groups) {
        return new DeleteGroupsRequestData().setGroupsNames(groups);
    }

    @Override
    DeleteGroupsResponseData whole(
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
