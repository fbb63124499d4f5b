package io.headrace.coordinator.exchange;

import io.headrace.coordinator.metadata.ClusterMetadata;
import io.headrace.coordinator.shard.StorageLinks;
import io.headrace.coordinator.transaction.TransactionEvent.MarkersAnswered;
import io.headrace.coordinator.transaction.TransactionPartition;
import io.headrace.coordinator.transaction.TransactionTask.WriteMarkers;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.TaggedFields;
import io.headrace.protocol.metadata.CoordinatorImage;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.transport.channel.ClientChannel;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData.WritableTxnMarker;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData.WritableTxnMarkerTopic;
import org.apache.kafka.common.message.WriteTxnMarkersResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
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
 * Sends the markers of a decided transaction to the leaders of its partitions; those of groups'
 * offsets to the owners of their shards. Thread-safe.
 */
public final class MarkerWriter {
    private static final Logger LOG = LoggerFactory.getLogger(MarkerWriter.class);
    private static final ApiSchema API = ApiCatalog.get(ApiKeys.WRITE_TXN_MARKERS);
    private static final short VERSION = 2;
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    /** A private field of a marker: the transaction shard. */
    public static final int SHARD_TAG = TaggedFields.FIRST;

    private final ClusterMetadata metadata;
    private final StorageLinks links;

    public MarkerWriter(ClusterMetadata metadata, StorageLinks links) {
        this.metadata = metadata;
        this.links = links;
    }

    /** Whom markers go to: one of the two is there. */
    private record Target(@Nullable NodeImage node, @Nullable CoordinatorImage coordinator) {
        CompletableFuture<ClientChannel> channel(StorageLinks links) {
            if (node != null) {
                return links.to(node);
            }
            if (coordinator != null) {
                return links.to(coordinator);
            }
            throw new IllegalStateException("A target without a node");
        }
    }

    /**
     * Sends each marker once.
     *
     * @param shard the transaction shard, and the epoch in which it is owned
     * @param events takes the answers of all partitions
     */
    public void write(
            WriteMarkers task,
            int shard,
            int shardEpoch,
            Consumer<? super MarkersAnswered> events) {
        MetadataImage image = metadata.image();
        Map<TransactionPartition, Errors> answers = new HashMap<>();
        Map<Target, List<TransactionPartition>> byTarget = new LinkedHashMap<>();
        for (TransactionPartition partition : task.partitions()) {
            Target target = target(image, partition);
            if (target == null) {
                answers.put(partition, Errors.LEADER_NOT_AVAILABLE);
            } else {
                byTarget.computeIfAbsent(target, to -> new ArrayList<>()).add(partition);
            }
        }
        List<CompletableFuture<Map<TransactionPartition, Errors>>> calls = new ArrayList<>();
        byTarget.forEach(
                (target, partitions) ->
                        calls.add(
                                send(
                                        target,
                                        request(task, shard, shardEpoch, partitions),
                                        partitions)));
        CompletableFuture.allOf(calls.toArray(CompletableFuture[]::new))
                .whenComplete(
                        (done, failure) -> {
                            calls.forEach(call -> answers.putAll(call.join()));
                            events.accept(
                                    new MarkersAnswered(
                                            task.transactionalId(),
                                            task.producerId(),
                                            task.producerEpoch(),
                                            answers));
                        });
    }

    private static @Nullable Target target(MetadataImage image, TransactionPartition partition) {
        if (partition.topic().equals(Topic.GROUP_METADATA_TOPIC_NAME)) {
            ShardOwnerImage owner = image.shardOwner(ShardOwnerImage.GROUP, partition.partition());
            CoordinatorImage coordinator =
                    owner == null ? null : image.coordinators().get(owner.ownerId());
            return coordinator == null ? null : new Target(null, coordinator);
        }
        Uuid topicId = partition.topicId();
        if (topicId.equals(Uuid.ZERO_UUID)) {
            TopicImage topic = image.topic(partition.topic());
            topicId = topic == null ? topicId : topic.topicId();
        }
        PartitionImage state = image.partition(topicId, partition.partition());
        NodeImage node = state == null ? null : image.nodes().get(state.leaderId());
        return state == null || node == null || node.nodeEpoch() != state.leaderNodeEpoch()
                ? null
                : new Target(node, null);
    }

    private static WriteTxnMarkersRequestData request(
            WriteMarkers task, int shard, int shardEpoch, List<TransactionPartition> partitions) {
        WritableTxnMarker marker =
                new WritableTxnMarker()
                        .setProducerId(task.producerId())
                        .setProducerEpoch(task.producerEpoch())
                        .setTransactionResult(task.commit())
                        .setCoordinatorEpoch(shardEpoch)
                        .setTransactionVersion((byte) task.transactionVersion());
        TaggedFields.putInt(marker, SHARD_TAG, shard);
        Map<String, WritableTxnMarkerTopic> topics = new LinkedHashMap<>();
        for (TransactionPartition partition : partitions) {
            topics.computeIfAbsent(
                            partition.topic() + "/" + partition.topicId(), key -> topic(partition))
                    .partitionIndexes()
                    .add(partition.partition());
        }
        marker.topics().addAll(topics.values());
        return new WriteTxnMarkersRequestData().setMarkers(List.of(marker));
    }

    private static WritableTxnMarkerTopic topic(TransactionPartition partition) {
        WritableTxnMarkerTopic topic = new WritableTxnMarkerTopic().setName(partition.topic());
        if (!partition.topicId().equals(Uuid.ZERO_UUID)) {
            TaggedFields.putUuid(topic, TaggedFields.TOPIC_ID, partition.topicId());
        }
        return topic;
    }

    private CompletableFuture<Map<TransactionPartition, Errors>> send(
            Target target,
            WriteTxnMarkersRequestData request,
            List<TransactionPartition> partitions) {
        return target.channel(links)
                .thenCompose(
                        channel ->
                                channel.call(
                                        API,
                                        VERSION,
                                        request,
                                        WriteTxnMarkersResponseData.class,
                                        TIMEOUT))
                .handle(
                        (response, failure) -> {
                            if (failure != null) {
                                LOG.debug("No answer to markers", failure);
                            }
                            return answers(partitions, failure == null ? response : null);
                        });
    }

    private static Map<TransactionPartition, Errors> answers(
            List<TransactionPartition> partitions, @Nullable WriteTxnMarkersResponseData response) {
        Map<String, Errors> byName = new HashMap<>();
        if (response != null) {
            for (var marker : response.markers()) {
                for (var topic : marker.topics()) {
                    for (var partition : topic.partitions()) {
                        byName.put(
                                topic.name() + "-" + partition.partitionIndex(),
                                Errors.forCode(partition.errorCode()));
                    }
                }
            }
        }
        Map<TransactionPartition, Errors> answers = new HashMap<>();
        for (TransactionPartition partition : partitions) {
            answers.put(
                    partition,
                    byName.getOrDefault(
                            partition.topic() + "-" + partition.partition(),
                            Errors.NETWORK_EXCEPTION));
        }
        return answers;
    }
}
