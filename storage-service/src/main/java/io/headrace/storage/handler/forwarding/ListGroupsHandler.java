package io.headrace.storage.handler.forwarding;

import io.headrace.protocol.metadata.CoordinatorImage;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.storage.forward.ForwardTarget;
import io.headrace.storage.handler.request.Nodes;
import io.headrace.storage.handler.request.PartitionQuestions;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.ListGroupsResponseData.ListedGroup;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

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
        PartitionQuestions.whenAll(answers, () -> request.reply(merged(answers, live)));
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

    private ListGroupsResponseData merged(
            List<CompletableFuture<ApiMessage>> answers, List<Nodes.Address> live) {
        Map<String, ListedGroup> groups = new LinkedHashMap<>();
        ListGroupsResponseData merged = new ListGroupsResponseData();
        for (CompletableFuture<ApiMessage> each : answers) {
            ListGroupsResponseData answer = (ListGroupsResponseData) each.join();
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
