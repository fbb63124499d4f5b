package io.headrace.protocol.metadata;

import io.headrace.protocol.metadata.record.ClusterRecord;
import io.headrace.protocol.metadata.record.ConfigRecord;
import io.headrace.protocol.metadata.record.CoordinatorRecord;
import io.headrace.protocol.metadata.record.FeatureRecord;
import io.headrace.protocol.metadata.record.ProducerIdsRecord;
import io.headrace.protocol.metadata.record.ShardOwnerRecord;
import io.headrace.protocol.metadata.record.TakeOverRecord;
import io.headrace.protocol.metadata.record.TopicRecord;

import org.apache.kafka.common.protocol.ApiMessage;
import org.pcollections.PMap;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The records that make an image from nothing. */
public final class SnapshotRecords {
    private SnapshotRecords() {}

    /** In the order in which they can be applied. */
    public static List<ApiMessage> of(MetadataImage image) {
        List<ApiMessage> records = new ArrayList<>();
        records.add(new ClusterRecord().setClusterId(image.clusterId()));
        records.add(
                new TakeOverRecord()
                        .setControllerId(image.controllerId())
                        .setControllerEpoch(image.controllerEpoch())
                        .setTakeOverId(image.takeOverId()));
        image.features()
                .forEach(
                        (name, level) ->
                                records.add(new FeatureRecord().setName(name).setLevel(level)));
        image.nodes().values().forEach(node -> records.add(node.toRecord(node.fenced())));
        image.coordinators().values().forEach(node -> records.add(coordinator(node)));
        image.topicsById().values().forEach(topic -> addTopic(records, topic));
        for (Map.Entry<ConfigResourceKey, PMap<String, String>> resource :
                image.configs().entrySet()) {
            resource.getValue()
                    .forEach(
                            (name, value) ->
                                    records.add(
                                            new ConfigRecord()
                                                    .setResourceType(resource.getKey().type())
                                                    .setResourceName(resource.getKey().name())
                                                    .setName(name)
                                                    .setValue(value)));
        }
        for (Map.Entry<ShardOwnerImage.Key, ShardOwnerImage> owner :
                image.shardOwners().entrySet()) {
            records.add(
                    new ShardOwnerRecord()
                            .setKind(owner.getKey().kind())
                            .setShard(owner.getKey().shard())
                            .setOwnerId(owner.getValue().ownerId())
                            .setShardEpoch(owner.getValue().shardEpoch()));
        }
        if (image.nextProducerId() > 0) {
            records.add(new ProducerIdsRecord().setNextProducerId(image.nextProducerId()));
        }
        return records;
    }

    private static void addTopic(List<ApiMessage> records, TopicImage topic) {
        records.add(
                new TopicRecord()
                        .setName(topic.name())
                        .setTopicId(topic.topicId())
                        .setInternal(topic.internal()));
        for (PartitionImage partition : topic.partitions().values()) {
            records.add(partition.toRecord(topic.topicId()));
        }
    }

    private static CoordinatorRecord coordinator(CoordinatorImage image) {
        CoordinatorRecord.CoordinatorApiCollection apis =
                new CoordinatorRecord.CoordinatorApiCollection();
        image.apis()
                .forEach(
                        (key, range) ->
                                apis.add(
                                        new CoordinatorRecord.CoordinatorApi()
                                                .setApiKey(key)
                                                .setMinVersion(range.min())
                                                .setMaxVersion(range.max())));
        return new CoordinatorRecord()
                .setCoordinatorId(image.coordinatorId())
                .setIncarnationId(image.incarnationId())
                .setHost(image.host())
                .setPort(image.port())
                .setApis(apis);
    }
}
