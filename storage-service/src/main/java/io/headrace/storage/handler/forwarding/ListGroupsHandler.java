package io.headrace.storage.handler.forwarding;

import io.headrace.protocol.codec.ListGroupsPage;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.storage.handler.request.Nodes;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.ListGroupsResponseData.ListedGroup;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
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
    ListGroupsResponseData merged(
            ApiMessage body, List<ListGroupsResponseData> answers, List<Nodes.Address> live) {
        Map<String, ListedGroup> groups = new LinkedHashMap<>();
        for (ListGroupsResponseData answer : answers) {
            if (answer.errorCode() != Errors.NONE.code()) {
                // Part of a list is no list.
                return new ListGroupsResponseData().setErrorCode(answer.errorCode());
            }
            answer.groups().forEach(group -> groups.put(group.groupId(), group));
        }
        ListGroupsPage page = ListGroupsPage.of((ListGroupsRequestData) body);
        ListGroupsResponseData merged =
                page == null
                        ? new ListGroupsResponseData().setGroups(new ArrayList<>(groups.values()))
                        : page.merge(answers);
        merged.groups()
                .removeIf(
                        group ->
                                !Nodes.lists(live, services().nodeId(), KEY_TYPE, group.groupId()));
        return merged;
    }
}
