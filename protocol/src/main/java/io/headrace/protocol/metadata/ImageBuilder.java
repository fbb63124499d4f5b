package io.headrace.protocol.metadata;

import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.record.ClusterRecord;
import io.headrace.protocol.metadata.record.ConfigRecord;
import io.headrace.protocol.metadata.record.CoordinatorRecord;
import io.headrace.protocol.metadata.record.FeatureRecord;
import io.headrace.protocol.metadata.record.NodeRecord;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.protocol.metadata.record.ProducerIdsRecord;
import io.headrace.protocol.metadata.record.RemoveCoordinatorRecord;
import io.headrace.protocol.metadata.record.RemoveNodeRecord;
import io.headrace.protocol.metadata.record.RemoveTopicRecord;
import io.headrace.protocol.metadata.record.ShardOwnerRecord;
import io.headrace.protocol.metadata.record.TakeOverRecord;
import io.headrace.protocol.metadata.record.TopicRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.pcollections.HashTreePMap;
import org.pcollections.IntTreePMap;
import org.pcollections.PMap;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Applies records to a copy of an image's fields. Confined to one call of its image. */
final class ImageBuilder {
    private String clusterId;
    private int controllerId;
    private long controllerEpoch;
    private Uuid takeOverId;
    private PMap<Uuid, TopicImage> topicsById;
    private PMap<String, Uuid> topicIds;
    private PMap<ConfigResourceKey, PMap<String, String>> configs;
    private PMap<Integer, NodeImage> nodes;
    private PMap<Integer, CoordinatorImage> coordinators;
    private PMap<ShardOwnerImage.Key, ShardOwnerImage> shardOwners;
    private PMap<String, Short> features;
    private long nextProducerId;

    ImageBuilder(MetadataImage image) {
        clusterId = image.clusterId();
        controllerId = image.controllerId();
        controllerEpoch = image.controllerEpoch();
        takeOverId = image.takeOverId();
        topicsById = image.topicsById();
        topicIds = image.topicIds();
        configs = image.configs();
        nodes = image.nodes();
        coordinators = image.coordinators();
        shardOwners = image.shardOwners();
        features = image.features();
        nextProducerId = image.nextProducerId();
    }

    MetadataImage build(long nextOffset) {
        return new MetadataImage(
                nextOffset,
                clusterId,
                controllerId,
                controllerEpoch,
                takeOverId,
                topicsById,
                topicIds,
                configs,
                nodes,
                coordinators,
                shardOwners,
                features,
                nextProducerId);
    }

    void apply(ApiMessage record) {
        switch (record) {
            case ClusterRecord cluster -> clusterId = cluster.clusterId();
            case TakeOverRecord takeOver -> onTakeOver(takeOver);
            case TopicRecord topic -> onTopic(topic);
            case RemoveTopicRecord removed -> onTopicRemoved(removed.topicId());
            case PartitionRecord partition -> onPartition(partition);
            case ConfigRecord config -> onConfig(config);
            case NodeRecord node -> nodes = nodes.plus(node.nodeId(), imageOf(node));
            case RemoveNodeRecord removed -> nodes = nodes.minus(removed.nodeId());
            case CoordinatorRecord coordinator ->
                    coordinators =
                            coordinators.plus(coordinator.coordinatorId(), imageOf(coordinator));
            case RemoveCoordinatorRecord removed ->
                    coordinators = coordinators.minus(removed.coordinatorId());
            case ShardOwnerRecord owner ->
                    shardOwners =
                            shardOwners.plus(
                                    new ShardOwnerImage.Key(owner.kind(), owner.shard()),
                                    new ShardOwnerImage(owner.ownerId(), owner.shardEpoch()));
            case FeatureRecord feature ->
                    features =
                            feature.level() == 0
                                    ? features.minus(feature.name())
                                    : features.plus(feature.name(), feature.level());
            case ProducerIdsRecord ids -> nextProducerId = ids.nextProducerId();
            default -> throw new IllegalArgumentException("Unknown record " + record.getClass());
        }
    }

    private void onTakeOver(TakeOverRecord takeOver) {
        controllerId = takeOver.controllerId();
        controllerEpoch = takeOver.controllerEpoch();
        takeOverId = takeOver.takeOverId();
    }

    private void onTopic(TopicRecord topic) {
        topicIds = topicIds.plus(topic.name(), topic.topicId());
        topicsById =
                topicsById.plus(
                        topic.topicId(),
                        new TopicImage(
                                topic.name(),
                                topic.topicId(),
                                topic.internal(),
                                IntTreePMap.empty()));
    }

    private IsrMember shared(IsrMember member) {
        NodeImage node = nodes.get(member.nodeId());
        return node != null && node.nodeEpoch() == member.nodeEpoch() ? node.asMember() : member;
    }

    private void onTopicRemoved(Uuid topicId) {
        TopicImage topic = topicsById.get(topicId);
        if (topic == null) {
            return;
        }
        topicsById = topicsById.minus(topicId);
        configs = configs.minus(ConfigResourceKey.topic(topic.name()));
        if (topicId.equals(topicIds.get(topic.name()))) {
            topicIds = topicIds.minus(topic.name());
        }
    }

    private void onPartition(PartitionRecord record) {
        TopicImage topic = topicsById.get(record.topicId());
        if (topic == null) {
            throw new IllegalArgumentException("A partition of unknown topic " + record.topicId());
        }
        PartitionImage before = topic.partition(record.partitionId());
        PMap<Integer, PartitionImage> partitions =
                topic.partitions()
                        .plus(
                                record.partitionId(),
                                PartitionImage.of(record, before, this::shared));
        topicsById =
                topicsById.plus(
                        topic.topicId(),
                        new TopicImage(
                                topic.name(), topic.topicId(), topic.internal(), partitions));
    }

    private void onConfig(ConfigRecord record) {
        ConfigResourceKey key = new ConfigResourceKey(record.resourceType(), record.resourceName());
        PMap<String, String> before = configs.getOrDefault(key, HashTreePMap.empty());
        PMap<String, String> after =
                record.value() == null
                        ? before.minus(record.name())
                        : before.plus(record.name(), record.value());
        configs = after.isEmpty() ? configs.minus(key) : configs.plus(key, after);
    }

    private static NodeImage imageOf(NodeRecord node) {
        List<Endpoint> endpoints = new ArrayList<>();
        for (var endpoint : node.endpoints()) {
            endpoints.add(new Endpoint(endpoint.name(), endpoint.host(), endpoint.port()));
        }
        return new NodeImage(
                node.nodeId(),
                node.incarnationId(),
                node.nodeEpoch(),
                node.fenced(),
                List.copyOf(endpoints),
                node.rack(),
                List.copyOf(node.logDirs()),
                new IsrMember(node.nodeId(), node.nodeEpoch()));
    }

    private static CoordinatorImage imageOf(CoordinatorRecord record) {
        Map<Short, CoordinatorImage.VersionRange> apis = new HashMap<>();
        for (var api : record.apis()) {
            apis.put(
                    api.apiKey(),
                    new CoordinatorImage.VersionRange(api.minVersion(), api.maxVersion()));
        }
        return new CoordinatorImage(
                record.coordinatorId(),
                record.incarnationId(),
                record.host(),
                record.port(),
                Map.copyOf(apis));
    }
}
