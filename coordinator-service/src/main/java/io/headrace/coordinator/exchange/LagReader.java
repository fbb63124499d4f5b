package io.headrace.coordinator.exchange;

import io.headrace.coordinator.exchange.StateQuestions.Sum;
import io.headrace.coordinator.group.share.StatePlace;
import io.headrace.coordinator.group.share.StateSummary;
import io.headrace.coordinator.metadata.ClusterMetadata;
import io.headrace.coordinator.shard.StorageLinks;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsPartition;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsTopic;
import org.apache.kafka.common.message.ListOffsetsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Finds out how many records share groups have before them, from the ends of partitions at their
 * leaders (KIP-1226). Where a leader does not answer, the lag is not known. Thread-safe.
 */
final class LagReader {
    private static final Logger LOG = LoggerFactory.getLogger(LagReader.class);
    private static final ApiSchema API = ApiCatalog.get(ApiKeys.LIST_OFFSETS);
    private static final short VERSION = 7;
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final int NO_REPLICA = -1;
    private static final long LATEST = -1;

    private final ClusterMetadata metadata;
    private final StorageLinks links;

    LagReader(ClusterMetadata metadata, StorageLinks links) {
        this.metadata = metadata;
        this.links = links;
    }

    /** Hands the summaries over with their lags; on any thread. */
    void read(Map<StatePlace, Sum> sums, Consumer<Map<StatePlace, StateSummary>> then) {
        MetadataImage image = metadata.image();
        Map<NodeImage, Map<String, ListOffsetsTopic>> byLeader = new LinkedHashMap<>();
        sums.forEach(
                (place, sum) -> {
                    boolean counts =
                            sum.error() == Errors.NONE
                                    && sum.startOffset() >= 0
                                    && sum.completeCount() >= 0;
                    PartitionImage state = image.partition(place.topicId(), place.partition());
                    NodeImage leader = state == null ? null : image.nodes().get(state.leaderId());
                    TopicImage topic = image.topic(place.topicId());
                    if (counts && leader != null && topic != null) {
                        byLeader.computeIfAbsent(leader, to -> new HashMap<>())
                                .computeIfAbsent(
                                        topic.name(), name -> new ListOffsetsTopic().setName(name))
                                .partitions()
                                .add(
                                        new ListOffsetsPartition()
                                                .setPartitionIndex(place.partition())
                                                .setTimestamp(LATEST));
                    }
                });
        List<CompletableFuture<Map<StatePlace, Long>>> calls = new ArrayList<>();
        byLeader.forEach(
                (leader, topics) -> calls.add(ask(image, leader, List.copyOf(topics.values()))));
        CompletableFuture.allOf(calls.toArray(CompletableFuture[]::new))
                .whenComplete(
                        (done, failure) -> {
                            Map<StatePlace, Long> ends = new HashMap<>();
                            calls.forEach(call -> ends.putAll(call.join()));
                            then.accept(summaries(sums, ends));
                        });
    }

    private CompletableFuture<Map<StatePlace, Long>> ask(
            MetadataImage image, NodeImage leader, List<ListOffsetsTopic> topics) {
        ListOffsetsRequestData request =
                new ListOffsetsRequestData().setReplicaId(NO_REPLICA).setTopics(topics);
        return links.to(leader)
                .thenCompose(
                        channel ->
                                channel.call(
                                        API,
                                        VERSION,
                                        request,
                                        ListOffsetsResponseData.class,
                                        TIMEOUT))
                .handle(
                        (response, failure) -> {
                            if (failure != null) {
                                LOG.debug("No answer about ends of partitions", failure);
                            }
                            return failure == null
                                    ? ends(image, response)
                                    : Map.<StatePlace, Long>of();
                        });
    }

    private static Map<StatePlace, Long> ends(
            MetadataImage image, ListOffsetsResponseData response) {
        Map<StatePlace, Long> ends = new HashMap<>();
        for (var answer : response.topics()) {
            TopicImage topic = image.topic(answer.name());
            for (var partition : answer.partitions()) {
                if (topic != null && partition.errorCode() == Errors.NONE.code()) {
                    ends.put(
                            new StatePlace(topic.topicId(), partition.partitionIndex()),
                            partition.offset());
                }
            }
        }
        return ends;
    }

    private static Map<StatePlace, StateSummary> summaries(
            Map<StatePlace, Sum> sums, Map<StatePlace, Long> ends) {
        Map<StatePlace, StateSummary> summaries = new HashMap<>();
        sums.forEach(
                (place, sum) -> {
                    Long end = ends.get(place);
                    long lag =
                            end == null
                                    ? StateSummary.NONE
                                    : Math.max(0, end - sum.startOffset() - sum.completeCount());
                    summaries.put(
                            place,
                            new StateSummary(
                                    sum.error(), sum.startOffset(), sum.leaderEpoch(), lag));
                });
        return summaries;
    }
}
