package io.headrace.storage.handler.forwarding;

import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.storage.handler.request.Nodes;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.ListGroupsResponseData.ListedGroup;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * ListGroups: asks every coordinator that owns group shards, and merges what this node is to list.
 */
final class ListGroupsHandler extends ListingHandler<ListGroupsResponseData> {
    private static final byte KEY_TYPE = 0;

    ListGroupsHandler(Services services) {
        super(services, ApiKeys.LIST_GROUPS, ListGroupsResponseData.class, ShardOwnerImage.GROUP);
    }

    @Override
    ListGroupsResponseData merged(List<ListGroupsResponseData> answers, List<Nodes.Address> live) {
        Map<String, ListedGroup> groups = new LinkedHashMap<>();
        ListGroupsResponseData merged = new ListGroupsResponseData();
        for (ListGroupsResponseData answer : answers) {
            if (answer.errorCode() != Errors.NONE.code()) {
                merged.setErrorCode(answer.errorCode()); // part of a list is no list
            }
            answer.groups().forEach(group -> groups.put(group.groupId(), group));
        }
        groups.keySet().removeIf(id -> !Nodes.lists(live, services().nodeId(), KEY_TYPE, id));
        return merged.setGroups(
                merged.errorCode() == Errors.NONE.code()
                        ? new ArrayList<>(groups.values())
                        : List.of());
    }
}
