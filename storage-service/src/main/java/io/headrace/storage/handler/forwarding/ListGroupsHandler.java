package io.headrace.storage.handler.forwarding;

import io.headrace.protocol.codec.ListGroupsPage;
import io.headrace.protocol.metadata.CoordinatorImage;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.storage.forward.ForwardTarget;
import io.headrace.storage.handler.request.Nodes;
import io.headrace.storage.handler.request.PartitionQuestions;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.ListGroupsResponseData.ListedGroup;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;

/**
 * ListGroups: asks every coordinator that owns group shards, and merges what this node is to list.
 */
final class ListGroupsHandler extends ForwardingHandler {
    private static final byte KEY_TYPE = 0;

    ListGroupsHandler(Services services) {
        super(
                services,
                ApiKeys.LIST_GROUPS,
                Errors.COORDINATOR_NOT_AVAILABLE,
                body -> new ForwardTarget.Controller());
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        List<CoordinatorImage> owners = owners(services().image());
        if (owners.isEmpty()) {
            // No shard was ever owned, so there are no groups.
            request.reply(new ListGroupsResponseData());
            return;
        }
        List<CompletableFuture<ApiMessage>> answers = new ArrayList<>();
        for (CoordinatorImage owner : owners) {
            answers.add(
                    FanOut.send(
                            services(),
                            request,
                            body,
                            new ForwardTarget.Coordinator(owner),
                            Errors.COORDINATOR_NOT_AVAILABLE));
        }
        List<Nodes.Address> live = Nodes.live(services(), request);
        request.releaseFrame();
        ListGroupsPage page = ListGroupsPage.of((ListGroupsRequestData) body);
        PartitionQuestions.whenAll(answers, () -> request.reply(merged(answers, live, page)));
    }

    private static List<CoordinatorImage> owners(MetadataImage image) {
        Set<Integer> ids = new TreeSet<>();
        image.shardOwners()
                .forEach(
                        (key, owner) -> {
                            if (key.kind() == ShardOwnerImage.GROUP) {
                                ids.add(owner.ownerId());
                            }
                        });
        List<CoordinatorImage> owners = new ArrayList<>();
        for (int id : ids) {
            CoordinatorImage owner = image.coordinators().get(id);
            if (owner != null) {
                owners.add(owner);
            }
        }
        return owners;
    }

    /** All groups, or the page of them, without those that other nodes list. */
    private ListGroupsResponseData merged(
            List<CompletableFuture<ApiMessage>> answers,
            List<Nodes.Address> live,
            @Nullable ListGroupsPage page) {
        Map<String, ListedGroup> groups = new LinkedHashMap<>();
        List<ListGroupsResponseData> parts = new ArrayList<>();
        for (CompletableFuture<ApiMessage> each : answers) {
            ListGroupsResponseData answer = (ListGroupsResponseData) each.join();
            if (answer.errorCode() != Errors.NONE.code()) {
                // Part of a list is no list.
                return new ListGroupsResponseData().setErrorCode(answer.errorCode());
            }
            parts.add(answer);
            answer.groups().forEach(group -> groups.put(group.groupId(), group));
        }
        ListGroupsResponseData merged =
                page == null
                        ? new ListGroupsResponseData().setGroups(new ArrayList<>(groups.values()))
                        : page.merge(parts);
        merged.groups()
                .removeIf(
                        group ->
                                !Nodes.lists(live, services().nodeId(), KEY_TYPE, group.groupId()));
        return merged;
    }
}
