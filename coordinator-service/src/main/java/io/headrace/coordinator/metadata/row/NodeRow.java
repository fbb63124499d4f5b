package io.headrace.coordinator.metadata.row;

import io.headrace.protocol.metadata.record.NodeRecord;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.springframework.data.annotation.Id;

import java.util.ArrayList;
import java.util.List;

/**
 * A row of {@code nodes}.
 *
 * @param endpoints each as name/port/host
 */
public record NodeRow(
        @Id int nodeId,
        String incarnationId,
        long nodeEpoch,
        boolean fenced,
        String endpoints,
        @Nullable String rack,
        String logDirs) {

    static NodeRow of(NodeRecord record) {
        List<String> endpoints = new ArrayList<>();
        for (var endpoint : record.endpoints()) {
            endpoints.add(endpoint.name() + "/" + endpoint.port() + "/" + endpoint.host());
        }
        return new NodeRow(
                record.nodeId(),
                record.incarnationId().toString(),
                record.nodeEpoch(),
                record.fenced(),
                Lists.join(endpoints),
                record.rack(),
                Lists.join(record.logDirs()));
    }

    /** The record that made this row. */
    public NodeRecord toRecord() {
        NodeRecord.EndpointRecordCollection collection = new NodeRecord.EndpointRecordCollection();
        for (String text : Lists.split(endpoints, part -> part)) {
            String[] parts = text.split("/", 3);
            collection.add(
                    new NodeRecord.EndpointRecord()
                            .setName(parts[0])
                            .setPort(Integer.parseInt(parts[1]))
                            .setHost(parts[2]));
        }
        return new NodeRecord()
                .setNodeId(nodeId)
                .setIncarnationId(Uuid.fromString(incarnationId))
                .setNodeEpoch(nodeEpoch)
                .setFenced(fenced)
                .setEndpoints(collection)
                .setRack(rack)
                .setLogDirs(Lists.split(logDirs, Uuid::fromString));
    }
}
