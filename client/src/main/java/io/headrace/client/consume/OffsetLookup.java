package io.headrace.client.consume;

import io.headrace.client.connection.NodeConnection;
import io.headrace.client.metadata.ClusterView;
import io.headrace.client.metadata.ClusterView.PartitionView;
import io.headrace.client.metadata.LeaderCalls;
import io.headrace.client.metadata.LeaderCalls.Answers;
import io.headrace.client.metadata.LeaderCalls.Part;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsPartition;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsTopic;
import org.apache.kafka.common.message.ListOffsetsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Turns positions into offsets by ListOffsets, one request for each leader and kind. */
public final class OffsetLookup {
    private static final long LATEST = -1;
    private static final long EARLIEST = -2;
    private static final long NOT_FOUND = -1;

    private final LeaderCalls leaders;
    private final Duration timeout;

    public OffsetLookup(LeaderCalls leaders, Duration requestTimeout) {
        this.leaders = leaders;
        this.timeout = requestTimeout;
    }

    /**
     * The offsets of positions; an offset is itself. A time after the last record is the end of the
     * log, with timestamp -1.
     */
    public CompletableFuture<Answers<FoundOffset>> find(
            Map<TopicPartition, Position> positions, IsolationLevel isolation) {
        Map<TopicPartition, Long> asked = new HashMap<>();
        Map<TopicPartition, FoundOffset> known = new HashMap<>();
        positions.forEach(
                (partition, position) -> {
                    switch (position) {
                        case Position.AtOffset(long offset) ->
                                known.put(partition, new FoundOffset(offset, -1, -1));
                        case Position.AtTimestamp(long timestampMs) ->
                                asked.put(partition, timestampMs);
                        case Position.Earliest() -> asked.put(partition, EARLIEST);
                        case Position.Latest() -> asked.put(partition, LATEST);
                        case Position.BeforeEnd(long ignored) -> asked.put(partition, LATEST);
                    }
                });
        return ask(asked, isolation)
                .thenCompose(answers -> fill(positions, answers, isolation))
                .thenApply(
                        answers -> {
                            known.putAll(answers.values());
                            return new Answers<>(known, answers.failures());
                        });
    }

    /** Looks up ends for times without records, and starts for positions before the end. */
    private CompletableFuture<Answers<FoundOffset>> fill(
            Map<TopicPartition, Position> positions,
            Answers<FoundOffset> first,
            IsolationLevel isolation) {
        Map<TopicPartition, Long> more = new HashMap<>();
        Map<TopicPartition, FoundOffset> found = new HashMap<>(first.values());
        first.values()
                .forEach(
                        (partition, offset) -> {
                            Position position = positions.get(partition);
                            if (position instanceof Position.AtTimestamp
                                    && offset.offset() == NOT_FOUND) {
                                more.put(partition, LATEST);
                            } else if (position instanceof Position.BeforeEnd) {
                                more.put(partition, EARLIEST);
                            }
                        });
        if (more.isEmpty()) {
            return CompletableFuture.completedFuture(first);
        }
        return ask(more, isolation)
                .thenApply(
                        second -> {
                            second.values()
                                    .forEach(
                                            (partition, offset) ->
                                                    found.merge(
                                                            partition,
                                                            offset,
                                                            (a, b) ->
                                                                    choose(
                                                                            positions.get(
                                                                                    partition),
                                                                            a,
                                                                            b)));
                            Map<TopicPartition, io.headrace.client.error.HeadraceException>
                                    failures = new HashMap<>(first.failures());
                            failures.putAll(second.failures());
                            found.keySet().removeAll(failures.keySet());
                            return new Answers<>(found, failures);
                        });
    }

    private static FoundOffset choose(
            @org.jspecify.annotations.Nullable Position position,
            FoundOffset first,
            FoundOffset second) {
        return position instanceof Position.BeforeEnd(long count)
                ? new FoundOffset(Math.max(second.offset(), first.offset() - count), -1, -1)
                : second;
    }

    private CompletableFuture<Answers<FoundOffset>> ask(
            Map<TopicPartition, Long> timestamps, IsolationLevel isolation) {
        if (timestamps.isEmpty()) {
            return CompletableFuture.completedFuture(new Answers<>(Map.of(), Map.of()));
        }
        Set<TopicPartition> partitions = new HashSet<>(timestamps.keySet());
        return leaders.call(
                "Looking up offsets",
                partitions,
                (leader, view, mine) -> send(leader, view, mine, timestamps, isolation));
    }

    private CompletableFuture<Map<TopicPartition, Part<FoundOffset>>> send(
            NodeConnection leader,
            ClusterView view,
            List<TopicPartition> mine,
            Map<TopicPartition, Long> timestamps,
            IsolationLevel isolation) {
        Map<String, ListOffsetsTopic> topics = new HashMap<>();
        for (TopicPartition partition : mine) {
            PartitionView known = view.partition(partition);
            topics.computeIfAbsent(partition.topic(), t -> new ListOffsetsTopic().setName(t))
                    .partitions()
                    .add(
                            new ListOffsetsPartition()
                                    .setPartitionIndex(partition.partition())
                                    .setCurrentLeaderEpoch(known == null ? -1 : known.leaderEpoch())
                                    .setTimestamp(timestamps.getOrDefault(partition, LATEST)));
        }
        ListOffsetsRequestData request =
                new ListOffsetsRequestData()
                        .setReplicaId(-1)
                        .setIsolationLevel(isolation.code())
                        .setTimeoutMs((int) timeout.toMillis())
                        .setTopics(List.copyOf(topics.values()));
        return leader.call(ApiKeys.LIST_OFFSETS, request, ListOffsetsResponseData.class, timeout)
                .thenApply(OffsetLookup::decode);
    }

    private static Map<TopicPartition, Part<FoundOffset>> decode(ListOffsetsResponseData answer) {
        Map<TopicPartition, Part<FoundOffset>> parts = new HashMap<>();
        answer.topics()
                .forEach(
                        topic ->
                                topic.partitions()
                                        .forEach(
                                                part ->
                                                        parts.put(
                                                                new TopicPartition(
                                                                        topic.name(),
                                                                        part.partitionIndex()),
                                                                new Part<>(
                                                                        Errors.forCode(
                                                                                part.errorCode()),
                                                                        new FoundOffset(
                                                                                part.offset(),
                                                                                part.timestamp(),
                                                                                part
                                                                                        .leaderEpoch())))));
        return parts;
    }
}
