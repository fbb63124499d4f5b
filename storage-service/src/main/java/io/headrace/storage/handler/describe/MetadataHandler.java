package io.headrace.storage.handler.describe;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Nodes;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseBroker;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponsePartition;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseTopic;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Metadata: who leads what, and where to connect; may create topics that are asked for. */
final class MetadataHandler implements ApiHandler {
    private final Services services;
    private final TopicAutoCreation autoCreation;

    MetadataHandler(Services services, TopicAutoCreation autoCreation) {
        this.services = services;
        this.autoCreation = autoCreation;
    }

    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiKeys.METADATA);
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        MetadataRequestData asked = (MetadataRequestData) body;
        Set<String> missing = missingTopics(asked);
        boolean create =
                !missing.isEmpty()
                        && asked.allowAutoTopicCreation()
                        && services.properties().autoCreateTopics();
        if (!create) {
            request.reply(answer(request, asked));
            return;
        }
        request.releaseFrame();
        autoCreation
                .create(missing, request.client())
                .whenComplete((done, failure) -> request.reply(answer(request, asked)));
    }

    private Set<String> missingTopics(MetadataRequestData asked) {
        Set<String> missing = new LinkedHashSet<>();
        if (asked.topics() != null) {
            MetadataImage image = services.image();
            for (MetadataRequestTopic topic : asked.topics()) {
                String name = topic.name();
                if (name != null
                        && !isById(topic)
                        && image.topic(name) == null
                        && TopicNames.isValid(name)) {
                    missing.add(name);
                }
            }
        }
        return missing;
    }

    private MetadataResponseData answer(Request request, MetadataRequestData asked) {
        MetadataImage image = services.image();
        MetadataResponseData response =
                new MetadataResponseData()
                        .setClusterId(image.clusterId())
                        .setControllerId(Nodes.controllerId(services));
        if (asked.includeClusterAuthorizedOperations()) {
            response.setClusterAuthorizedOperations(AuthorizedOperations.CLUSTER);
        }
        for (Nodes.Address node : Nodes.live(services, request)) {
            response.brokers()
                    .add(
                            new MetadataResponseBroker()
                                    .setNodeId(node.nodeId())
                                    .setHost(node.host())
                                    .setPort(node.port())
                                    .setRack(node.rack()));
        }
        boolean all =
                asked.topics() == null || (request.version() == 0 && asked.topics().isEmpty());
        if (all) {
            for (TopicImage topic : image.topicsById().values()) {
                response.topics().add(describe(image, topic));
            }
            authorize(response, asked);
            return response;
        }
        Set<Object> seen = new LinkedHashSet<>();
        for (MetadataRequestTopic topic : asked.topics()) {
            if (seen.add(isById(topic) ? topic.topicId() : String.valueOf(topic.name()))) {
                response.topics().add(describe(image, topic, request.version()));
            }
        }
        authorize(response, asked);
        return response;
    }

    private static void authorize(MetadataResponseData response, MetadataRequestData asked) {
        if (asked.includeTopicAuthorizedOperations()) {
            for (MetadataResponseTopic topic : response.topics()) {
                if (topic.errorCode() == Errors.NONE.code()) {
                    topic.setTopicAuthorizedOperations(AuthorizedOperations.TOPIC);
                }
            }
        }
    }

    /** An id counts, whatever the name beside it; clients leave that empty, or null. */
    private static boolean isById(MetadataRequestTopic asked) {
        return asked.name() == null || !asked.topicId().equals(Uuid.ZERO_UUID);
    }

    private MetadataResponseTopic describe(
            MetadataImage image, MetadataRequestTopic asked, short version) {
        String name = asked.name();
        if (name == null || isById(asked)) {
            TopicImage topic = image.topic(asked.topicId());
            if (topic != null) {
                return describe(image, topic);
            }
            return failed(Errors.UNKNOWN_TOPIC_ID, version < 12 ? "" : null)
                    .setTopicId(asked.topicId());
        }
        TopicImage topic = image.topic(name);
        if (topic != null) {
            return describe(image, topic);
        }
        return failed(
                TopicNames.isValid(name)
                        ? Errors.UNKNOWN_TOPIC_OR_PARTITION
                        : Errors.INVALID_TOPIC_EXCEPTION,
                name);
    }

    private static MetadataResponseTopic failed(Errors error, @Nullable String name) {
        return new MetadataResponseTopic()
                .setErrorCode(error.code())
                .setName(name)
                .setTopicId(Uuid.ZERO_UUID)
                .setTopicAuthorizedOperations(AuthorizedOperations.NOT_ASKED);
    }

    private MetadataResponseTopic describe(MetadataImage image, TopicImage topic) {
        List<MetadataResponsePartition> partitions = new ArrayList<>(topic.partitionCount());
        for (int i = 0; i < topic.partitionCount(); i++) {
            PartitionImage partition = topic.partition(i);
            if (partition != null) {
                partitions.add(describe(image, partition));
            }
        }
        return new MetadataResponseTopic()
                .setErrorCode(Errors.NONE.code())
                .setName(topic.name())
                .setTopicId(topic.topicId())
                .setIsInternal(topic.internal())
                .setPartitions(partitions)
                .setTopicAuthorizedOperations(AuthorizedOperations.NOT_ASKED);
    }

    private static MetadataResponsePartition describe(
            MetadataImage image, PartitionImage partition) {
        boolean led = image.isActive(partition.leaderId(), partition.leaderNodeEpoch());
        return new MetadataResponsePartition()
                .setErrorCode(led ? Errors.NONE.code() : Errors.LEADER_NOT_AVAILABLE.code())
                .setPartitionIndex(partition.partition())
                .setLeaderId(led ? partition.leaderId() : -1)
                .setLeaderEpoch(partition.leaderEpoch())
                .setReplicaNodes(partition.assignedReplicas())
                .setIsrNodes(partition.isr().stream().map(IsrMember::nodeId).toList())
                .setOfflineReplicas(offline(image, partition));
    }

    static List<Integer> offline(MetadataImage image, PartitionImage partition) {
        List<Integer> offline = new ArrayList<>();
        for (int replica : partition.assignedReplicas()) {
            if (!image.isOnline(partition, replica)) {
                offline.add(replica);
            }
        }
        return offline;
    }
}
