package io.headrace.client.admin;

import io.headrace.client.connection.Connections;
import io.headrace.client.connection.Failures;
import io.headrace.client.connection.NodeConnection;
import io.headrace.client.connection.Retrier;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.error.ServerErrorException;
import io.headrace.client.metadata.ClusterView.NodeView;
import io.headrace.client.metadata.Coordinators;
import io.headrace.client.metadata.Metadata;

import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import reactor.core.publisher.Mono;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** How administration reaches nodes: any, a named one, or the coordinators of groups. */
final class AdminCalls {
    private final Connections connections;
    private final Metadata metadata;
    private final Retrier retrier;
    private final Coordinators coordinators;

    AdminCalls(Connections connections, Metadata metadata, Retrier retrier) {
        this.connections = connections;
        this.metadata = metadata;
        this.retrier = retrier;
        this.coordinators = new Coordinators(metadata);
    }

    Metadata metadata() {
        return metadata;
    }

    Duration timeout() {
        return connections.options().requestTimeout();
    }

    int timeoutMs() {
        return Math.toIntExact(timeout().toMillis());
    }

    /** A Mono of an operation that is tried again while its failures are retriable. */
    <T> Mono<T> mono(String what, Supplier<CompletableFuture<T>> attempt) {
        return Mono.defer(() -> Mono.fromFuture(retrier.run(what, attempt), true));
    }

    /** Asks any node. */
    <T extends ApiMessage> CompletableFuture<T> any(
            ApiKeys api, ApiMessage request, Class<T> answer) {
        return metadata.callAny(api, request, answer);
    }

    /** The connection to a node of the cluster. */
    CompletableFuture<NodeConnection> node(int id) {
        NodeView known = metadata.latest().nodes().get(id);
        return known != null
                ? connect(known)
                : metadata.refresh()
                        .thenCompose(
                                view -> {
                                    NodeView node = view.nodes().get(id);
                                    if (node == null) {
                                        throw ServerErrorException.of(
                                                Errors.BROKER_ID_NOT_REGISTERED,
                                                "Asking node " + id,
                                                "the cluster has no such node");
                                    }
                                    return connect(node);
                                });
    }

    CompletableFuture<NodeConnection> connect(NodeView node) {
        return connections.get(node.address(), Connections.SHARED_LANE);
    }

    /** The nodes of the cluster, as of a moment ago at most. */
    CompletableFuture<Collection<NodeView>> nodes() {
        return metadata.recent().thenApply(view -> view.nodes().values());
    }

    /** What one coordinator answers for some of the groups. */
    interface GroupRequest<R> {
        CompletableFuture<Map<String, Outcome<R>>> send(
                NodeConnection coordinator, int nodeId, List<String> groupIds);
    }

    /** Asks the coordinators of all groups; groups with retriable errors are asked again. */
    <R> Mono<Map<String, Outcome<R>>> groups(
            String what, Collection<String> groupIds, GroupRequest<R> request) {
        return Mono.defer(
                () -> {
                    Map<String, Outcome<R>> done = new HashMap<>();
                    Set<String> open = new HashSet<>(groupIds);
                    return Mono.fromFuture(
                            retrier.run(what, () -> round(what, open, done, request)), true);
                });
    }

    private <R> CompletableFuture<Map<String, Outcome<R>>> round(
            String what, Set<String> open, Map<String, Outcome<R>> done, GroupRequest<R> request) {
        return coordinators
                .find(open)
                .thenCompose(found -> ask(found, request))
                .thenApply(
                        outcomes -> {
                            HeadraceException again = null;
                            for (Map.Entry<String, Outcome<R>> entry : outcomes.entrySet()) {
                                if (entry.getValue()
                                                instanceof
                                                Outcome.Refused<R>(HeadraceException error)
                                        && error.retriable()) {
                                    again = error;
                                } else {
                                    done.put(entry.getKey(), entry.getValue());
                                    open.remove(entry.getKey());
                                }
                            }
                            if (again != null) {
                                throw again;
                            }
                            for (String left : open) {
                                done.put(left, refused(Errors.GROUP_ID_NOT_FOUND, what, null));
                            }
                            return done;
                        });
    }

    private <R> CompletableFuture<Map<String, Outcome<R>>> ask(
            Coordinators.Found found, GroupRequest<R> request) {
        Map<String, Outcome<R>> outcomes = new HashMap<>();
        found.failures()
                .forEach((group, error) -> outcomes.put(group, new Outcome.Refused<>(error)));
        List<CompletableFuture<?>> all = new ArrayList<>();
        found.groups()
                .forEach(
                        (node, groups) ->
                                all.add(
                                        connect(node)
                                                .thenCompose(
                                                        connection ->
                                                                request.send(
                                                                        connection,
                                                                        node.id(),
                                                                        groups))
                                                .handle(
                                                        (answers, failure) ->
                                                                collect(
                                                                        outcomes, groups, answers,
                                                                        failure))));
        return CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new))
                .thenApply(nothing -> outcomes);
    }

    private static <R> boolean collect(
            Map<String, Outcome<R>> outcomes,
            List<String> groups,
            @Nullable Map<String, Outcome<R>> answers,
            @Nullable Throwable failure) {
        synchronized (outcomes) {
            if (answers != null) {
                outcomes.putAll(answers);
            } else if (failure != null) {
                HeadraceException known = Failures.of(failure, "Asking a coordinator");
                groups.forEach(group -> outcomes.put(group, new Outcome.Refused<>(known)));
            }
        }
        return true;
    }

    /** The outcome of an item's error code. */
    static <T> Outcome<T> outcome(
            short errorCode, String what, @Nullable String detail, Supplier<T> value) {
        Errors error = Errors.forCode(errorCode);
        return error == Errors.NONE
                ? new Outcome.Done<>(value.get())
                : refused(error, what, detail);
    }

    static <T> Outcome<T> refused(Errors error, String what, @Nullable String detail) {
        return new Outcome.Refused<>(ServerErrorException.of(error, what, detail));
    }

    /** Throws when an answer as a whole is an error. */
    static void require(short errorCode, String what, @Nullable String detail) {
        Errors error = Errors.forCode(errorCode);
        if (error != Errors.NONE) {
            throw ServerErrorException.of(error, what, detail);
        }
    }
}
