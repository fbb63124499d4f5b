package io.headrace.client.admin;

import io.headrace.client.connection.Failures;
import io.headrace.client.connection.NodeConnection;
import io.headrace.client.metadata.ClusterView.NodeView;
import io.headrace.protocol.codec.ListGroupsPage;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.DescribeClusterRequestData;
import org.apache.kafka.common.message.DescribeClusterResponseData;
import org.apache.kafka.common.message.DescribeLogDirsRequestData;
import org.apache.kafka.common.message.DescribeLogDirsResponseData;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.ListGroupsResponseData.ListedGroup;
import org.apache.kafka.common.protocol.ApiKeys;
import org.jspecify.annotations.Nullable;

import reactor.core.publisher.Mono;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** What is asked of each node, or of the cluster as a whole. */
final class NodeAdmin {
    /** Of ListGroups. */
    private static final short FIRST_VERSION_WITH_TAGS = 3;

    private final AdminCalls calls;

    NodeAdmin(AdminCalls calls) {
        this.calls = calls;
    }

    Mono<ClusterDescription> describeCluster() {
        return calls.mono(
                        "Describing the cluster",
                        () ->
                                calls.any(
                                        ApiKeys.DESCRIBE_CLUSTER,
                                        new DescribeClusterRequestData(),
                                        DescribeClusterResponseData.class))
                .map(
                        answer -> {
                            AdminCalls.require(
                                    answer.errorCode(),
                                    "Describing the cluster",
                                    answer.errorMessage());
                            return new ClusterDescription(
                                    answer.clusterId(),
                                    answer.controllerId(),
                                    answer.brokers().stream()
                                            .map(
                                                    node ->
                                                            new ClusterDescription.Node(
                                                                    node.brokerId(),
                                                                    node.host(),
                                                                    node.port(),
                                                                    node.rack() == null
                                                                            ? ""
                                                                            : node.rack(),
                                                                    node.isFenced()))
                                            .toList());
                        });
    }

    Mono<List<GroupListing>> listGroups() {
        return ask(null)
                .map(
                        answers -> {
                            Map<String, GroupListing> groups = new TreeMap<>();
                            answers.forEach(answer -> collect(groups, answer));
                            return List.copyOf(groups.values());
                        });
    }

    /** One more group than the page has tells whether there is a next page. */
    Mono<GroupPage> listGroups(String contains, String after, int limit) {
        ListGroupsPage page = new ListGroupsPage(contains, after, Math.addExact(limit, 1));
        return ask(page)
                .map(
                        answers -> {
                            int total = 0;
                            Map<String, GroupListing> groups = new TreeMap<>();
                            for (ListGroupsResponseData answer : answers) {
                                if (ListGroupsPage.total(answer) < 0) {
                                    page.cut(answer); // it knows no pages and lists its own groups
                                    total += ListGroupsPage.total(answer);
                                } else {
                                    total = Math.max(total, ListGroupsPage.total(answer));
                                }
                                collect(groups, answer);
                            }
                            return new GroupPage(
                                    groups.values().stream().limit(limit).toList(),
                                    total,
                                    groups.size() > limit);
                        });
    }

    /** The answers of all nodes. */
    private Mono<List<ListGroupsResponseData>> ask(@Nullable ListGroupsPage page) {
        return calls.mono(
                "Listing groups", () -> calls.nodes().thenCompose(nodes -> ask(nodes, page)));
    }

    private CompletableFuture<List<ListGroupsResponseData>> ask(
            Collection<NodeView> nodes, @Nullable ListGroupsPage page) {
        List<CompletableFuture<ListGroupsResponseData>> all = new ArrayList<>();
        for (NodeView each : nodes) {
            all.add(calls.connect(each).thenCompose(node -> ask(node, page)));
        }
        return CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new))
                .thenApply(nothing -> all.stream().map(CompletableFuture::join).toList());
    }

    private CompletableFuture<ListGroupsResponseData> ask(
            NodeConnection node, @Nullable ListGroupsPage page) {
        boolean mayHaveTags = node.ranges().version(ApiKeys.LIST_GROUPS) >= FIRST_VERSION_WITH_TAGS;
        return node.call(
                ApiKeys.LIST_GROUPS,
                page != null && mayHaveTags ? page.toRequest() : new ListGroupsRequestData(),
                ListGroupsResponseData.class,
                calls.timeout());
    }

    private static void collect(Map<String, GroupListing> groups, ListGroupsResponseData answer) {
        AdminCalls.require(answer.errorCode(), "Listing groups", null);
        for (ListedGroup group : answer.groups()) {
            groups.put(
                    group.groupId(),
                    new GroupListing(
                            group.groupId(),
                            group.protocolType(),
                            group.groupState(),
                            group.groupType()));
        }
    }

    Mono<Map<Integer, Outcome<List<LogDirDescription>>>> describeLogDirs(
            Collection<Integer> nodeIds) {
        return calls.mono(
                "Describing log directories",
                () ->
                        nodeIds.isEmpty()
                                ? calls.nodes()
                                        .thenCompose(
                                                nodes ->
                                                        logDirs(
                                                                nodes.stream()
                                                                        .map(NodeView::id)
                                                                        .toList()))
                                : logDirs(nodeIds));
    }

    private CompletableFuture<Map<Integer, Outcome<List<LogDirDescription>>>> logDirs(
            Collection<Integer> nodeIds) {
        CompletableFuture<Map<Integer, Outcome<List<LogDirDescription>>>> all =
                CompletableFuture.completedFuture(new HashMap<>());
        for (int id : nodeIds) {
            CompletableFuture<Outcome<List<LogDirDescription>>> one =
                    calls.node(id)
                            .thenCompose(
                                    node ->
                                            node.call(
                                                    ApiKeys.DESCRIBE_LOG_DIRS,
                                                    new DescribeLogDirsRequestData()
                                                            .setTopics(null),
                                                    DescribeLogDirsResponseData.class,
                                                    calls.timeout()))
                            .handle(
                                    (answer, failure) ->
                                            failure != null
                                                    ? new Outcome.Refused<>(
                                                            Failures.of(
                                                                    failure, "Asking node " + id))
                                                    : AdminCalls.outcome(
                                                            answer.errorCode(),
                                                            "Describing log directories",
                                                            null,
                                                            () -> dirs(answer)));
            all =
                    all.thenCombine(
                            one,
                            (collected, outcome) -> {
                                collected.put(id, outcome);
                                return collected;
                            });
        }
        return all;
    }

    private static List<LogDirDescription> dirs(DescribeLogDirsResponseData answer) {
        List<LogDirDescription> dirs = new ArrayList<>();
        for (DescribeLogDirsResponseData.DescribeLogDirsResult dir : answer.results()) {
            Map<TopicPartition, LogDirDescription.Replica> replicas = new HashMap<>();
            dir.topics()
                    .forEach(
                            topic ->
                                    topic.partitions()
                                            .forEach(
                                                    part ->
                                                            replicas.put(
                                                                    new TopicPartition(
                                                                            topic.name(),
                                                                            part.partitionIndex()),
                                                                    new LogDirDescription.Replica(
                                                                            part.partitionSize(),
                                                                            part.offsetLag(),
                                                                            part.isFutureKey()))));
            dirs.add(
                    new LogDirDescription(
                            dir.logDir(), dir.totalBytes(), dir.usableBytes(), replicas));
        }
        return dirs;
    }
}
