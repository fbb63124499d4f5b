package io.headrace.protocol.metadata;

import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.record.NodeRecord;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * A storage node's registered incarnation.
 *
 * @param asMember the incarnation as a member of an ISR: one object for all partitions
 */
public record NodeImage(
        int nodeId,
        Uuid incarnationId,
        long nodeEpoch,
        boolean fenced,
        List<Endpoint> endpoints,
        @Nullable String rack,
        List<Uuid> logDirs,
        IsrMember asMember) {

    /** An incarnation by itself. */
    public NodeImage(
            int nodeId,
            Uuid incarnationId,
            long nodeEpoch,
            boolean fenced,
            List<Endpoint> endpoints,
            @Nullable String rack,
            List<Uuid> logDirs) {
        this(
                nodeId,
                incarnationId,
                nodeEpoch,
                fenced,
                endpoints,
                rack,
                logDirs,
                new IsrMember(nodeId, nodeEpoch));
    }

    /** The record that makes this node's image, fenced or not. */
    public NodeRecord toRecord(boolean fenced) {
        NodeRecord.EndpointRecordCollection listeners = new NodeRecord.EndpointRecordCollection();
        for (Endpoint endpoint : endpoints) {
            listeners.add(
                    new NodeRecord.EndpointRecord()
                            .setName(endpoint.name())
                            .setHost(endpoint.host())
                            .setPort(endpoint.port()));
        }
        return new NodeRecord()
                .setNodeId(nodeId)
                .setIncarnationId(incarnationId)
                .setNodeEpoch(nodeEpoch)
                .setFenced(fenced)
                .setEndpoints(listeners)
                .setRack(rack)
                .setLogDirs(logDirs);
    }

    /** The endpoint of that name, or null. */
    public @Nullable Endpoint endpoint(String name) {
        for (Endpoint endpoint : endpoints) {
            if (endpoint.name().equals(name)) {
                return endpoint;
            }
        }
        return null;
    }
}
