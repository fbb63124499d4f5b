package io.headrace.storage.handler.records;

import io.headrace.protocol.metadata.NodeImage;
import io.headrace.storage.handler.request.Client;
import io.headrace.storage.handler.request.Nodes;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;
import io.headrace.storage.share.AcknowledgementBatch;
import io.headrace.storage.share.ShareSessionKey;
import io.headrace.storage.share.SharedPartition;
import io.headrace.storage.sharefetch.ShareAnswer;
import io.headrace.storage.sharefetch.ShareCall;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What ShareFetch and ShareAcknowledge have in common. */
final class ShareRequests {
    private ShareRequests() {}

    /** The member that asks, or null when it does not name itself and its group. */
    static @Nullable ShareSessionKey member(@Nullable String groupId, @Nullable String memberId) {
        return groupId == null || groupId.isEmpty() || memberId == null || memberId.isEmpty()
                ? null
                : new ShareSessionKey(groupId, memberId);
    }

    /** Adds what a request says of a partition; what it says twice is checked as one. */
    static void add(
            Map<SharedPartition, List<AcknowledgementBatch>> named,
            SharedPartition partition,
            List<AcknowledgementBatch> batches) {
        named.computeIfAbsent(partition, key -> new ArrayList<>(batches.size())).addAll(batches);
    }

    static ShareCall.Caller caller(Client client) {
        return new ShareCall.Caller() {
            @Override
            public boolean isGone() {
                return client.isGone();
            }

            @Override
            public void whenGone(Runnable task) {
                client.whenGone(task);
            }

            @Override
            public void forget(Runnable task) {
                client.forget(task);
            }
        };
    }

    /** Where the leaders are that the answer names because this node leads no more. */
    static List<Nodes.Address> leaders(Services services, Request request, ShareAnswer answer) {
        Set<Integer> ids = new LinkedHashSet<>();
        for (ShareAnswer.OfPartition partition : answer.partitions()) {
            if (isElsewhere(partition.error()) || isElsewhere(partition.acknowledgeError())) {
                ids.add(partition.leaderId());
            }
        }
        List<Nodes.Address> leaders = new ArrayList<>();
        for (int id : ids) {
            NodeImage node = services.image().nodes().get(id);
            Nodes.Address address = node == null ? null : Nodes.addressOf(services, request, node);
            if (address != null) {
                leaders.add(address);
            }
        }
        return leaders;
    }

    /** What is said of an error; null when there is none. */
    static @Nullable String messageOf(Errors error) {
        return error == Errors.NONE ? null : error.message();
    }

    static boolean isElsewhere(Errors error) {
        return error == Errors.NOT_LEADER_OR_FOLLOWER || error == Errors.FENCED_LEADER_EPOCH;
    }
}
