package io.headrace.coordinator.handler;

import io.headrace.coordinator.cluster.LoadReport;
import io.headrace.coordinator.cluster.PartitionKey;
import io.headrace.coordinator.metadata.Controller;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.message.ReportLoadRequestData;
import io.headrace.protocol.message.ReportLoadResponseData;

import org.apache.kafka.common.protocol.Errors;

import java.util.LinkedHashMap;
import java.util.Map;

/** ReportLoad: a node says how much the leaders on it append. */
final class ReportLoadHandler implements NodeHandler {
    private final Controller controller;

    ReportLoadHandler(Controller controller) {
        this.controller = controller;
    }

    @Override
    public short apiKey() {
        return ApiCatalog.REPORT_LOAD;
    }

    @Override
    public void handle(NodeRequest request) {
        ReportLoadRequestData body = request.body(ReportLoadRequestData.class);
        Map<PartitionKey, Long> partitions = new LinkedHashMap<>();
        long others = Math.max(0, body.otherBytesPerSecond());
        for (var partition : body.partitions()) {
            long bytes = Math.max(0, partition.bytesPerSecond());
            if (partitions.size() < LoadReport.MAX_PARTITIONS) {
                partitions.put(
                        new PartitionKey(partition.topicId(), partition.partitionId()), bytes);
            } else {
                others += bytes;
            }
        }
        controller.onLoad(new LoadReport(body.nodeId(), body.nodeEpoch(), partitions, others));
        Errors error = controller.isActive() ? Errors.NONE : Errors.NOT_CONTROLLER;
        request.reply(new ReportLoadResponseData().setErrorCode(error.code()));
    }
}
