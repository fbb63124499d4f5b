package io.headrace.storage.cluster;

import io.headrace.protocol.message.RegisterNodeRequestData;
import io.headrace.protocol.message.RegisterNodeRequestData.NodeEndpoint;
import io.headrace.protocol.message.RegisterNodeRequestData.NodeEndpointCollection;
import io.headrace.protocol.message.RegisterNodeRequestData.UncleanLogEnd;
import io.headrace.protocol.message.RegisterNodeRequestData.UncleanTopic;
import io.headrace.protocol.metadata.Endpoint;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What this incarnation tells the controller about itself.
 *
 * @param clusterId the cluster that its disks belong to, or null while they belong to none
 * @param uncleanPartitions replicas that may miss acknowledged records
 */
public record Registration(
        int nodeId,
        Uuid incarnationId,
        @Nullable String clusterId,
        List<Endpoint> endpoints,
        @Nullable String rack,
        List<Uuid> logDirs,
        Map<Uuid, List<UncleanReplica>> uncleanPartitions) {

    RegisterNodeRequestData toRequest(long previousNodeEpoch) {
        NodeEndpointCollection listeners = new NodeEndpointCollection();
        for (Endpoint endpoint : endpoints) {
            listeners.add(
                    new NodeEndpoint()
                            .setName(endpoint.name())
                            .setHost(endpoint.host())
                            .setPort(endpoint.port()));
        }
        List<UncleanTopic> unclean = new ArrayList<>();
        uncleanPartitions.forEach(
                (topicId, replicas) -> unclean.add(uncleanTopic(topicId, replicas)));
        return new RegisterNodeRequestData()
                .setNodeId(nodeId)
                .setRole("storage")
                .setClusterId(clusterId)
                .setIncarnationId(incarnationId)
                .setPreviousNodeEpoch(previousNodeEpoch)
                .setEndpoints(listeners)
                .setRack(rack)
                .setLogDirs(logDirs)
                .setUncleanPartitions(unclean);
    }

    private static UncleanTopic uncleanTopic(Uuid topicId, List<UncleanReplica> replicas) {
        UncleanTopic topic = new UncleanTopic().setTopicId(topicId);
        for (UncleanReplica replica : replicas) {
            topic.partitions().add(replica.partition());
            topic.logEnds()
                    .add(
                            new UncleanLogEnd()
                                    .setPartitionId(replica.partition())
                                    .setLeaderEpoch(replica.leaderEpoch())
                                    .setEndOffset(replica.endOffset()));
        }
        return topic;
    }
}
