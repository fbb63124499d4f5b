package io.headrace.storage;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.message.RegisterNodeRequestData;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataRecords;
import io.headrace.protocol.metadata.record.ConfigRecord;
import io.headrace.protocol.metadata.record.NodeRecord;

import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.ApiMessage;

import java.nio.ByteBuffer;
import java.util.List;

/** The records of the coordinators in memory, and how a fetch has them. */
final class FakeMetadata {
    private FakeMetadata() {}

    static ConfigRecord config(ConfigResourceKey resource, String name, String value) {
        return new ConfigRecord()
                .setResourceType(resource.type())
                .setResourceName(resource.name())
                .setName(name)
                .setValue(value);
    }

    /** The record of a node that registers. */
    static NodeRecord node(RegisterNodeRequestData request, long nodeEpoch) {
        NodeRecord node =
                new NodeRecord()
                        .setNodeId(request.nodeId())
                        .setIncarnationId(request.incarnationId())
                        .setNodeEpoch(nodeEpoch)
                        .setFenced(false)
                        .setRack(request.rack())
                        .setLogDirs(request.logDirs());
        request.endpoints()
                .forEach(
                        endpoint ->
                                node.endpoints()
                                        .add(
                                                new NodeRecord.EndpointRecord()
                                                        .setName(endpoint.name())
                                                        .setHost(endpoint.host())
                                                        .setPort(endpoint.port())));
        return node;
    }

    /** What a fetch finds from an offset on. */
    static PartitionData from(List<ApiMessage> log, long offset) {
        PartitionData data =
                new PartitionData()
                        .setPartitionIndex(0)
                        .setHighWatermark(log.size())
                        .setRecords(RecordsField.empty());
        if (offset < log.size()) {
            BatchBuilder batch = BatchBuilder.growing().baseOffset(offset);
            for (ApiMessage record : log.subList((int) offset, log.size())) {
                batch.append(0L, (ByteBuffer) null, MetadataRecords.encode(record), List.of());
            }
            data.setRecords(RecordsField.of(batch.build()));
        }
        return data;
    }

    static FetchResponseData answer(PartitionData data) {
        return new FetchResponseData()
                .setResponses(
                        List.of(
                                new FetchResponseData.FetchableTopicResponse()
                                        .setTopicId(MetadataRecords.TOPIC_ID)
                                        .setPartitions(List.of(data))));
    }
}
