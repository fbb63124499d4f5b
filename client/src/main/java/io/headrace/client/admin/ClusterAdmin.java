package io.headrace.client.admin;

import io.headrace.client.connection.Connections;
import io.headrace.client.connection.Retrier;
import io.headrace.client.consume.CommittedOffset;
import io.headrace.client.consume.FoundOffset;
import io.headrace.client.consume.IsolationLevel;
import io.headrace.client.consume.OffsetLookup;
import io.headrace.client.consume.Position;
import io.headrace.client.metadata.LeaderCalls;
import io.headrace.client.metadata.Metadata;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

import reactor.core.publisher.Mono;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The administration over the requests of each subject. */
public final class ClusterAdmin implements Admin {
    private final TopicAdmin topics;
    private final ConfigAdmin configs;
    private final GroupAdmin groups;
    private final NodeAdmin nodes;
    private final OffsetLookup offsets;

    public ClusterAdmin(
            Connections connections, Metadata metadata, LeaderCalls leaders, Retrier retrier) {
        AdminCalls calls = new AdminCalls(connections, metadata, retrier);
        this.offsets = new OffsetLookup(leaders, calls.timeout());
        this.topics = new TopicAdmin(calls, leaders);
        this.configs = new ConfigAdmin(calls);
        this.groups = new GroupAdmin(calls, offsets);
        this.nodes = new NodeAdmin(calls);
    }

    @Override
    public Mono<Map<String, Outcome<CreatedTopic>>> createTopics(Collection<NewTopic> newTopics) {
        return topics.create(newTopics, false);
    }

    @Override
    public Mono<Map<String, Outcome<CreatedTopic>>> validateTopics(Collection<NewTopic> newTopics) {
        return topics.create(newTopics, true);
    }

    @Override
    public Mono<Map<String, Outcome<Completed>>> deleteTopics(Collection<String> names) {
        return topics.delete(names);
    }

    @Override
    public Mono<List<TopicListing>> listTopics() {
        return topics.list();
    }

    @Override
    public Mono<Map<String, Outcome<TopicDescription>>> describeTopics(Collection<String> names) {
        return topics.describe(names);
    }

    @Override
    public Mono<Map<String, Outcome<Completed>>> createPartitions(Map<String, Integer> totals) {
        return topics.createPartitions(totals);
    }

    @Override
    public Mono<Map<ConfigResource, Outcome<List<ConfigEntry>>>> describeConfigs(
            Collection<ConfigResource> resources, boolean withDocumentation) {
        return configs.describe(resources, withDocumentation);
    }

    @Override
    public Mono<Map<ConfigResource, Outcome<Completed>>> alterConfigs(
            Map<ConfigResource, List<ConfigChange>> changes, boolean validateOnly) {
        return configs.alter(changes, validateOnly);
    }

    @Override
    public Mono<List<GroupListing>> listGroups() {
        return nodes.listGroups();
    }

    @Override
    public Mono<GroupPage> listGroups(String contains, String after, int limit) {
        return nodes.listGroups(contains, after, limit);
    }

    @Override
    public Mono<Map<String, Outcome<GroupDescription>>> describeGroups(
            Collection<String> groupIds) {
        return groups.describe(groupIds);
    }

    @Override
    public Mono<Map<String, Outcome<Completed>>> deleteGroups(Collection<String> groupIds) {
        return groups.delete(groupIds);
    }

    @Override
    public Mono<Map<String, Outcome<Map<TopicPartition, CommittedOffset>>>> committedOffsets(
            Collection<String> groupIds) {
        return groups.committed(groupIds);
    }

    @Override
    public Mono<Map<String, Outcome<GroupLag>>> lags(Collection<String> groupIds) {
        return groups.lags(groupIds);
    }

    @Override
    public Mono<Map<TopicPartition, Outcome<Completed>>> alterOffsets(
            String groupId, Map<TopicPartition, CommittedOffset> commits) {
        return groups.alterOffsets(groupId, commits);
    }

    @Override
    public Mono<Map<TopicPartition, CommittedOffset>> resetOffsets(
            String groupId, Map<TopicPartition, Position> positions) {
        return Mono.defer(
                        () ->
                                Mono.fromFuture(
                                        offsets.find(positions, IsolationLevel.READ_UNCOMMITTED),
                                        true))
                .map(LeaderCalls.Answers::orThrow)
                .flatMap(
                        found -> {
                            Map<TopicPartition, CommittedOffset> commits = new HashMap<>();
                            found.forEach(
                                    (partition, offset) ->
                                            commits.put(
                                                    partition,
                                                    CommittedOffset.of(offset.offset())));
                            return groups.alterOffsets(groupId, commits)
                                    .doOnNext(done -> done.values().forEach(Outcome::orThrow))
                                    .thenReturn(commits);
                        });
    }

    @Override
    public Mono<Map<TopicPartition, Outcome<Completed>>> deleteOffsets(
            String groupId, Set<TopicPartition> partitions) {
        return groups.deleteOffsets(groupId, partitions);
    }

    @Override
    public Mono<Map<TopicPartition, Outcome<FoundOffset>>> listOffsets(
            Map<TopicPartition, Position> positions) {
        return Mono.defer(
                        () ->
                                Mono.fromFuture(
                                        offsets.find(positions, IsolationLevel.READ_UNCOMMITTED),
                                        true))
                .map(Outcomes::of);
    }

    @Override
    public Mono<Map<TopicPartition, Outcome<Long>>> deleteRecords(
            Map<TopicPartition, Long> beforeOffsets) {
        return topics.deleteRecords(beforeOffsets);
    }

    @Override
    public Mono<ClusterDescription> describeCluster() {
        return nodes.describeCluster();
    }

    @Override
    public Mono<Map<Integer, Outcome<List<LogDirDescription>>>> describeLogDirs(
            Collection<Integer> nodeIds) {
        return nodes.describeLogDirs(nodeIds);
    }
}
