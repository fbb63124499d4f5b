package io.headrace.client.admin;

import io.headrace.client.admin.TopicDescription.PartitionDescription;
import io.headrace.client.metadata.ClusterView.TopicView;
import io.headrace.client.metadata.LeaderCalls;
import io.headrace.client.metadata.LeaderCalls.Part;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsResponseData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableReplicaAssignment;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopicConfig;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicResult;
import org.apache.kafka.common.message.DeleteRecordsRequestData;
import org.apache.kafka.common.message.DeleteRecordsResponseData;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData.DeleteTopicState;
import org.apache.kafka.common.message.DeleteTopicsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import reactor.core.publisher.Mono;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Administration of topics and their partitions. */
final class TopicAdmin {
    private final AdminCalls calls;
    private final LeaderCalls leaders;

    TopicAdmin(AdminCalls calls, LeaderCalls leaders) {
        this.calls = calls;
        this.leaders = leaders;
    }

    Mono<Map<String, Outcome<CreatedTopic>>> create(
            Collection<NewTopic> topics, boolean validateOnly) {
        CreateTopicsRequestData request =
                new CreateTopicsRequestData()
                        .setTimeoutMs(calls.timeoutMs())
                        .setValidateOnly(validateOnly);
        topics.forEach(topic -> request.topics().add(encode(topic)));
        return calls.mono(
                "Creating topics",
                () ->
                        calls.any(
                                        ApiKeys.CREATE_TOPICS,
                                        request.duplicate(),
                                        CreateTopicsResponseData.class)
                                .thenApply(
                                        answer -> {
                                            Map<String, Outcome<CreatedTopic>> outcomes =
                                                    new HashMap<>();
                                            for (CreatableTopicResult result : answer.topics()) {
                                                outcomes.put(result.name(), created(result));
                                            }
                                            return outcomes;
                                        }));
    }

    private static CreatableTopic encode(NewTopic topic) {
        boolean assigned = !topic.assignment().isEmpty();
        CreatableTopic creatable =
                new CreatableTopic()
                        .setName(topic.name())
                        .setNumPartitions(assigned ? -1 : topic.partitions())
                        .setReplicationFactor(assigned ? -1 : topic.replicationFactor());
        topic.assignment()
                .forEach(
                        (partition, nodes) ->
                                creatable
                                        .assignments()
                                        .add(
                                                new CreatableReplicaAssignment()
                                                        .setPartitionIndex(partition)
                                                        .setBrokerIds(nodes)));
        topic.configs()
                .forEach(
                        (name, value) ->
                                creatable
                                        .configs()
                                        .add(
                                                new CreatableTopicConfig()
                                                        .setName(name)
                                                        .setValue(value)));
        return creatable;
    }

    private static Outcome<CreatedTopic> created(CreatableTopicResult result) {
        return AdminCalls.outcome(
                result.errorCode(),
                "Creating topic " + result.name(),
                result.errorMessage(),
                () -> {
                    List<ConfigEntry> configs = new ArrayList<>();
                    if (result.configs() != null) {
                        result.configs()
                                .forEach(
                                        config ->
                                                configs.add(
                                                        new ConfigEntry(
                                                                config.name(),
                                                                config.value(),
                                                                ConfigEntry.Source.forCode(
                                                                        config.configSource()),
                                                                config.readOnly(),
                                                                config.isSensitive(),
                                                                "")));
                    }
                    return new CreatedTopic(
                            result.name(),
                            result.topicId(),
                            result.numPartitions(),
                            result.replicationFactor(),
                            configs);
                });
    }

    Mono<Map<String, Outcome<Completed>>> delete(Collection<String> topics) {
        DeleteTopicsRequestData request =
                new DeleteTopicsRequestData().setTimeoutMs(calls.timeoutMs());
        topics.forEach(
                name -> {
                    request.topics().add(new DeleteTopicState().setName(name));
                    request.topicNames().add(name);
                });
        return calls.mono(
                        "Deleting topics",
                        () ->
                                calls.any(
                                        ApiKeys.DELETE_TOPICS,
                                        request,
                                        DeleteTopicsResponseData.class))
                .map(
                        answer -> {
                            Map<String, Outcome<Completed>> outcomes = new HashMap<>();
                            answer.responses()
                                    .forEach(
                                            result -> {
                                                calls.metadata().forget(result.name());
                                                outcomes.put(
                                                        result.name(),
                                                        AdminCalls.outcome(
                                                                result.errorCode(),
                                                                "Deleting topic " + result.name(),
                                                                result.errorMessage(),
                                                                () -> Completed.COMPLETED));
                                            });
                            return outcomes;
                        });
    }

    Mono<List<TopicListing>> list() {
        return calls.mono("Listing topics", () -> calls.metadata().allTopics())
                .map(
                        topics ->
                                topics.values().stream()
                                        .filter(topic -> topic.error() == Errors.NONE)
                                        .map(
                                                topic ->
                                                        new TopicListing(
                                                                topic.name(),
                                                                topic.topicId(),
                                                                topic.partitions().size(),
                                                                topic.internal()))
                                        .toList());
    }

    Mono<Map<String, Outcome<TopicDescription>>> describe(Collection<String> names) {
        if (names.isEmpty()) {
            return Mono.just(Map.of());
        }
        return calls.mono("Describing topics", () -> calls.metadata().topics(names))
                .map(
                        topics -> {
                            Map<String, Outcome<TopicDescription>> outcomes = new HashMap<>();
                            for (String name : names) {
                                TopicView view = topics.get(name);
                                outcomes.put(
                                        name,
                                        view == null
                                                ? AdminCalls.refused(
                                                        Errors.UNKNOWN_TOPIC_OR_PARTITION,
                                                        "Describing topic " + name,
                                                        null)
                                                : AdminCalls.outcome(
                                                        view.error().code(),
                                                        "Describing topic " + name,
                                                        null,
                                                        () -> describe(view)));
                            }
                            return outcomes;
                        });
    }

    private static TopicDescription describe(TopicView view) {
        return new TopicDescription(
                view.name(),
                view.topicId(),
                view.internal(),
                view.partitions().stream()
                        .map(
                                partition ->
                                        new PartitionDescription(
                                                partition.partition(),
                                                partition.leaderId(),
                                                partition.leaderEpoch(),
                                                partition.replicas(),
                                                partition.isr(),
                                                partition.offline()))
                        .toList());
    }

    Mono<Map<String, Outcome<Completed>>> createPartitions(Map<String, Integer> totals) {
        CreatePartitionsRequestData request =
                new CreatePartitionsRequestData().setTimeoutMs(calls.timeoutMs());
        totals.forEach(
                (topic, total) ->
                        request.topics()
                                .add(
                                        new CreatePartitionsRequestData.CreatePartitionsTopic()
                                                .setName(topic)
                                                .setCount(total)
                                                .setAssignments(null)));
        return calls.mono(
                        "Creating partitions",
                        () ->
                                calls.any(
                                        ApiKeys.CREATE_PARTITIONS,
                                        request.duplicate(),
                                        CreatePartitionsResponseData.class))
                .map(
                        answer -> {
                            Map<String, Outcome<Completed>> outcomes = new HashMap<>();
                            answer.results()
                                    .forEach(
                                            result ->
                                                    outcomes.put(
                                                            result.name(),
                                                            AdminCalls.outcome(
                                                                    result.errorCode(),
                                                                    "Adding partitions to "
                                                                            + result.name(),
                                                                    result.errorMessage(),
                                                                    () -> Completed.COMPLETED)));
                            return outcomes;
                        });
    }

    Mono<Map<TopicPartition, Outcome<Long>>> deleteRecords(Map<TopicPartition, Long> before) {
        return Mono.defer(
                        () ->
                                Mono.fromFuture(
                                        leaders.<Long>call(
                                                "Deleting records",
                                                before.keySet(),
                                                (leader, view, mine) ->
                                                        leader.call(
                                                                        ApiKeys.DELETE_RECORDS,
                                                                        encode(mine, before),
                                                                        DeleteRecordsResponseData
                                                                                .class,
                                                                        calls.timeout())
                                                                .thenApply(TopicAdmin::decode)),
                                        true))
                .map(Outcomes::of);
    }

    private DeleteRecordsRequestData encode(
            List<TopicPartition> mine, Map<TopicPartition, Long> before) {
        Map<String, DeleteRecordsRequestData.DeleteRecordsTopic> topics = new HashMap<>();
        for (TopicPartition partition : mine) {
            topics.computeIfAbsent(
                            partition.topic(),
                            t -> new DeleteRecordsRequestData.DeleteRecordsTopic().setName(t))
                    .partitions()
                    .add(
                            new DeleteRecordsRequestData.DeleteRecordsPartition()
                                    .setPartitionIndex(partition.partition())
                                    .setOffset(before.getOrDefault(partition, 0L)));
        }
        return new DeleteRecordsRequestData()
                .setTimeoutMs(calls.timeoutMs())
                .setTopics(List.copyOf(topics.values()));
    }

    private static Map<TopicPartition, Part<Long>> decode(DeleteRecordsResponseData answer) {
        Map<TopicPartition, Part<Long>> parts = new HashMap<>();
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
                                                                        part.lowWatermark()))));
        return parts;
    }
}
