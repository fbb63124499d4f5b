package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.Endpoint;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.record.NodeRecord;

/** Records of nodes. */
final class NodeRecords {
    private NodeRecords() {}

    /** The record of a registered node, fenced or not. */
    static NodeRecord of(NodeImage node, boolean fenced) {
        NodeRecord.EndpointRecordCollection endpoints = new NodeRecord.EndpointRecordCollection();
        for (Endpoint endpoint : node.endpoints()) {
            endpoints.add(
                    new NodeRecord.EndpointRecord()
                            .setName(endpoint.name())
                            .setHost(endpoint.host())
                            .setPort(endpoint.port()));
        }
        return new NodeRecord()
                .setNodeId(node.nodeId())
                .setIncarnationId(node.incarnationId())
                .setNodeEpoch(node.nodeEpoch())
                .setFenced(fenced)
                .setEndpoints(endpoints)
                .setRack(node.rack())
                .setLogDirs(node.logDirs());
    }
}
