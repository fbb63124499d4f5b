package io.headrace.gateway;

import io.headrace.client.admin.Admin;
import io.headrace.client.admin.ClusterDescription;
import io.headrace.client.admin.Completed;
import io.headrace.client.admin.ConfigChange;
import io.headrace.client.admin.ConfigEntry;
import io.headrace.client.admin.CreatedTopic;
import io.headrace.client.admin.GroupDescription;
import io.headrace.client.admin.GroupLag;
import io.headrace.client.admin.GroupListing;
import io.headrace.client.admin.GroupPage;
import io.headrace.client.admin.LogDirDescription;
import io.headrace.client.admin.NewTopic;
import io.headrace.client.admin.Outcome;
import io.headrace.client.admin.TopicDescription;
import io.headrace.client.admin.TopicListing;
import io.headrace.client.consume.CommittedOffset;
import io.headrace.client.consume.FoundOffset;
import io.headrace.client.consume.Position;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.protocol.Errors;

import reactor.core.publisher.Mono;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The administration of a {@link FakeCluster}. */
final class FakeAdmin implements Admin {
    private final FakeCluster cluster;

    FakeAdmin(FakeCluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public Mono<Map<String, Outcome<CreatedTopic>>> createTopics(Collection<NewTopic> wanted) {
        return create(wanted, false);
    }

    @Override
    public Mono<Map<String, Outcome<CreatedTopic>>> validateTopics(Collection<NewTopic> wanted) {
        return create(wanted, true);
    }

    private Mono<Map<String, Outcome<CreatedTopic>>> create(
            Collection<NewTopic> wanted, boolean validateOnly) {
        Map<String, NewTopic> byName = new LinkedHashMap<>();
        wanted.forEach(t -> byName.put(t.name(), t));
        return cluster.each(
                byName.keySet(),
                name -> {
                    if (cluster.topics.containsKey(name)) {
                        throw FakeCluster.error(Errors.TOPIC_ALREADY_EXISTS);
                    }
                    NewTopic topic = FakeCluster.some(byName.get(name));
                    int partitions = topic.partitions() < 0 ? 1 : topic.partitions();
                    if (!validateOnly) {
                        cluster.topic(name, partitions);
                        FakeCluster.some(cluster.topics.get(name)).configs.putAll(topic.configs());
                    }
                    return new CreatedTopic(name, Uuid.ZERO_UUID, partitions, 1, List.of());
                });
    }

    @Override
    public Mono<Map<String, Outcome<Completed>>> deleteTopics(Collection<String> names) {
        return cluster.each(
                names,
                name -> {
                    cluster.existing(name);
                    cluster.topics.remove(name);
                    return Completed.COMPLETED;
                });
    }

    @Override
    public Mono<List<TopicListing>> listTopics() {
        return Mono.fromCallable(
                () -> {
                    synchronized (cluster) {
                        cluster.checkReachable();
                        return cluster.topics.entrySet().stream()
                                .map(
                                        e ->
                                                new TopicListing(
                                                        e.getKey(),
                                                        e.getValue().id,
                                                        e.getValue().partitions.size(),
                                                        e.getKey().startsWith("__")))
                                .toList();
                    }
                });
    }

    @Override
    public Mono<Map<String, Outcome<TopicDescription>>> describeTopics(Collection<String> names) {
        return cluster.each(
                names,
                name -> {
                    FakeCluster.FakeTopic topic = cluster.existing(name);
                    List<TopicDescription.PartitionDescription> partitions = new ArrayList<>();
                    for (int i = 0; i < topic.partitions.size(); i++) {
                        partitions.add(
                                new TopicDescription.PartitionDescription(
                                        i, 1, 0, List.of(1), List.of(1), List.of()));
                    }
                    return new TopicDescription(name, topic.id, false, partitions);
                });
    }

    @Override
    public Mono<Map<String, Outcome<Completed>>> createPartitions(Map<String, Integer> totals) {
        return cluster.each(
                totals.keySet(),
                name -> {
                    List<FakeCluster.FakeLog> logs = cluster.existing(name).partitions;
                    int total = FakeCluster.some(totals.get(name));
                    if (total <= logs.size()) {
                        throw FakeCluster.error(Errors.INVALID_PARTITIONS);
                    }
                    while (logs.size() < total) {
                        logs.add(new FakeCluster.FakeLog());
                    }
                    return Completed.COMPLETED;
                });
    }

    @Override
    public Mono<Map<ConfigResource, Outcome<List<ConfigEntry>>>> describeConfigs(
            Collection<ConfigResource> resources, boolean withDocumentation) {
        return cluster.each(
                resources,
                resource -> {
                    Map<String, String> all = new HashMap<>(Map.of("retention.ms", "604800000"));
                    Map<String, String> set = cluster.existing(resource.name()).configs;
                    all.putAll(set);
                    return all.entrySet().stream()
                            .map(
                                    e ->
                                            new ConfigEntry(
                                                    e.getKey(),
                                                    e.getValue(),
                                                    set.containsKey(e.getKey())
                                                            ? ConfigEntry.Source.TOPIC
                                                            : ConfigEntry.Source.DEFAULT,
                                                    false,
                                                    false,
                                                    ""))
                            .toList();
                });
    }

    @Override
    public Mono<Map<ConfigResource, Outcome<Completed>>> alterConfigs(
            Map<ConfigResource, List<ConfigChange>> changes, boolean validateOnly) {
        return cluster.each(
                changes.keySet(),
                resource -> {
                    Map<String, String> configs = cluster.existing(resource.name()).configs;
                    for (ConfigChange change : FakeCluster.some(changes.get(resource))) {
                        if (change instanceof ConfigChange.Set(String name, String value)) {
                            if (value.equals("nonsense")) {
                                throw FakeCluster.error(Errors.INVALID_CONFIG);
                            }
                            configs.put(name, value);
                        } else {
                            configs.remove(change.name());
                        }
                    }
                    return Completed.COMPLETED;
                });
    }

    @Override
    public Mono<List<GroupListing>> listGroups() {
        return Mono.fromCallable(
                () -> {
                    synchronized (cluster) {
                        cluster.checkReachable();
                        return cluster.groups.keySet().stream()
                                .map(g -> new GroupListing(g, "consumer", "Empty", "classic"))
                                .toList();
                    }
                });
    }

    @Override
    public Mono<GroupPage> listGroups(String contains, String after, int limit) {
        return listGroups()
                .map(
                        all -> {
                            List<GroupListing> matching =
                                    all.stream()
                                            .filter(g -> g.groupId().contains(contains))
                                            .sorted(Comparator.comparing(GroupListing::groupId))
                                            .toList();
                            List<GroupListing> rest =
                                    matching.stream()
                                            .filter(g -> g.groupId().compareTo(after) > 0)
                                            .toList();
                            return new GroupPage(
                                    rest.stream().limit(limit).toList(),
                                    matching.size(),
                                    rest.size() > limit);
                        });
    }

    private Map<TopicPartition, CommittedOffset> group(String id) {
        Map<TopicPartition, CommittedOffset> offsets = cluster.groups.get(id);
        if (offsets == null) {
            throw FakeCluster.error(Errors.GROUP_ID_NOT_FOUND);
        }
        return offsets;
    }

    @Override
    public Mono<Map<String, Outcome<GroupDescription>>> describeGroups(Collection<String> ids) {
        return cluster.each(
                ids,
                id -> {
                    group(id);
                    return new GroupDescription(
                            id,
                            "classic",
                            "consumer",
                            "Stable",
                            "range",
                            1,
                            List.of(
                                    new GroupDescription.Member(
                                            "m-1",
                                            "",
                                            "app",
                                            "/127.0.0.1",
                                            Set.of(new TopicPartition("orders", 0)))));
                });
    }

    @Override
    public Mono<Map<String, Outcome<Completed>>> deleteGroups(Collection<String> ids) {
        return cluster.each(
                ids,
                id -> {
                    group(id);
                    cluster.groups.remove(id);
                    return Completed.COMPLETED;
                });
    }

    @Override
    public Mono<Map<String, Outcome<Map<TopicPartition, CommittedOffset>>>> committedOffsets(
            Collection<String> ids) {
        return cluster.each(ids, this::group);
    }

    @Override
    public Mono<Map<String, Outcome<GroupLag>>> lags(Collection<String> ids) {
        return cluster.each(
                ids,
                id -> {
                    Map<TopicPartition, GroupLag.PartitionLag> lags = new LinkedHashMap<>();
                    group(id)
                            .forEach(
                                    (p, c) ->
                                            lags.put(
                                                    p,
                                                    new GroupLag.PartitionLag(
                                                            c,
                                                            cluster.log(p).end(),
                                                            cluster.log(p).end() - c.offset())));
                    return new GroupLag(id, lags);
                });
    }

    @Override
    public Mono<Map<TopicPartition, Outcome<Completed>>> alterOffsets(
            String groupId, Map<TopicPartition, CommittedOffset> offsets) {
        throw new UnsupportedOperationException("The gateway does not use this");
    }

    @Override
    public Mono<Map<TopicPartition, CommittedOffset>> resetOffsets(
            String groupId, Map<TopicPartition, Position> positions) {
        return Mono.fromCallable(
                () -> {
                    synchronized (cluster) {
                        Map<TopicPartition, CommittedOffset> offsets = new LinkedHashMap<>();
                        positions.forEach(
                                (p, at) ->
                                        offsets.put(
                                                p,
                                                CommittedOffset.of(
                                                        FakeCluster.find(cluster.log(p), at)
                                                                .offset())));
                        cluster.groups
                                .computeIfAbsent(groupId, g -> new LinkedHashMap<>())
                                .putAll(offsets);
                        return offsets;
                    }
                });
    }

    @Override
    public Mono<Map<TopicPartition, Outcome<Completed>>> deleteOffsets(
            String groupId, Set<TopicPartition> partitions) {
        throw new UnsupportedOperationException("The gateway does not use this");
    }

    @Override
    public Mono<Map<TopicPartition, Outcome<FoundOffset>>> listOffsets(
            Map<TopicPartition, Position> positions) {
        return cluster.each(
                positions.keySet(),
                p -> FakeCluster.find(cluster.log(p), FakeCluster.some(positions.get(p))));
    }

    @Override
    public Mono<Map<TopicPartition, Outcome<Long>>> deleteRecords(
            Map<TopicPartition, Long> beforeOffsets) {
        return cluster.each(
                beforeOffsets.keySet(),
                p -> {
                    FakeCluster.FakeLog log = cluster.log(p);
                    long before = FakeCluster.some(beforeOffsets.get(p));
                    long start = before < 0 ? log.end() : before;
                    if (start > log.end()) {
                        throw FakeCluster.error(Errors.OFFSET_OUT_OF_RANGE);
                    }
                    log.start = Math.max(log.start, start);
                    return log.start;
                });
    }

    @Override
    public Mono<ClusterDescription> describeCluster() {
        return Mono.fromCallable(
                () -> {
                    synchronized (cluster) {
                        cluster.checkReachable();
                        return new ClusterDescription(
                                "fake-cluster-id-0000001",
                                1,
                                List.of(
                                        new ClusterDescription.Node(
                                                1, "localhost", 9092, "", false)));
                    }
                });
    }

    @Override
    public Mono<Map<Integer, Outcome<List<LogDirDescription>>>> describeLogDirs(
            Collection<Integer> nodeIds) {
        throw new UnsupportedOperationException("The gateway does not use this");
    }
}
