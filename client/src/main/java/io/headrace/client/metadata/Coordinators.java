package io.headrace.client.metadata;

import io.headrace.client.connection.BootstrapAddress;
import io.headrace.client.connection.Connections;
import io.headrace.client.connection.Failures;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.error.ServerErrorException;
import io.headrace.client.metadata.ClusterView.NodeView;

import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Finds the nodes that answer for groups and transactional ids. */
public final class Coordinators {
    private static final byte GROUP = 0;
    private static final byte TRANSACTION = 1;

    private final Metadata metadata;

    public Coordinators(Metadata metadata) {
        this.metadata = metadata;
    }

    /** Groups by the node that answers for them, and those whose node is not known. */
    public record Found(
            Map<NodeView, List<String>> groups, Map<String, HeadraceException> failures) {}

    /** The nodes of groups, in one request. */
    public CompletableFuture<Found> find(Collection<String> groupIds) {
        if (groupIds.isEmpty()) {
            return CompletableFuture.completedFuture(new Found(Map.of(), Map.of()));
        }
        return find(GROUP, groupIds);
    }

    private CompletableFuture<Found> find(byte keyType, Collection<String> keys) {
        FindCoordinatorRequestData request =
                new FindCoordinatorRequestData()
                        .setKeyType(keyType)
                        .setCoordinatorKeys(List.copyOf(keys));
        return metadata.callAny(
                        ApiKeys.FIND_COORDINATOR, request, FindCoordinatorResponseData.class)
                .thenApply(Coordinators::decode);
    }

    private static Found decode(FindCoordinatorResponseData answer) {
        Map<NodeView, List<String>> groups = new HashMap<>();
        Map<String, HeadraceException> failures = new HashMap<>();
        for (FindCoordinatorResponseData.Coordinator found : answer.coordinators()) {
            Errors error = Errors.forCode(found.errorCode());
            if (error == Errors.NONE) {
                NodeView node =
                        new NodeView(
                                found.nodeId(),
                                new BootstrapAddress(found.host(), found.port()),
                                "");
                groups.computeIfAbsent(node, n -> new ArrayList<>()).add(found.key());
            } else {
                failures.put(
                        found.key(),
                        ServerErrorException.of(
                                error,
                                "Finding the coordinator of " + found.key(),
                                found.errorMessage()));
            }
        }
        return new Found(groups, failures);
    }

    /** The node of one group; fails when it is not known now. */
    public CompletableFuture<NodeView> find(String groupId) {
        return find(List.of(groupId)).thenApply(found -> only(found, groupId));
    }

    /** The node of a transactional id; fails when it is not known now. */
    public CompletableFuture<NodeView> findOfTransactionalId(String transactionalId) {
        return find(TRANSACTION, List.of(transactionalId))
                .thenApply(found -> only(found, transactionalId));
    }

    private static NodeView only(Found found, String key) {
        for (NodeView node : found.groups().keySet()) {
            return node;
        }
        for (HeadraceException failure : found.failures().values()) {
            throw failure;
        }
        throw ServerErrorException.of(
                Errors.COORDINATOR_NOT_AVAILABLE, "Finding the coordinator of " + key, null);
    }

    /** Whether a failure means that another node answers now. */
    public static boolean isMoved(Throwable failure) {
        return switch (Failures.of(failure, "").error()) {
            case NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE, NETWORK_EXCEPTION -> true;
            default -> false;
        };
    }

    /** The lane for requests to coordinators that are answered at once. */
    public static String lane() {
        return Connections.SHARED_LANE;
    }
}
