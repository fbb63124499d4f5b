package io.headrace.coordinator.handler;

import io.headrace.coordinator.cluster.LogEndReport;
import io.headrace.coordinator.cluster.LogEndReport.Resting;
import io.headrace.coordinator.cluster.PartitionKey;
import io.headrace.coordinator.metadata.Controller;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.message.ReportLogEndsRequestData;
import io.headrace.protocol.message.ReportLogEndsResponseData;
import io.headrace.protocol.metadata.PartitionImage.LogEnd;

import org.apache.kafka.common.protocol.Errors;

import java.util.LinkedHashMap;
import java.util.Map;

/** ReportLogEnds: a node says where its logs end that may lead as a last resort. */
final class ReportLogEndsHandler implements NodeHandler {
    private final Controller controller;

    ReportLogEndsHandler(Controller controller) {
        this.controller = controller;
    }

    @Override
    public short apiKey() {
        return ApiCatalog.REPORT_LOG_ENDS;
    }

    @Override
    public short minVersion() {
        return 0;
    }

    @Override
    public short maxVersion() {
        return 0;
    }

    @Override
    public void handle(NodeRequest request) {
        ReportLogEndsRequestData body = request.body(ReportLogEndsRequestData.class);
        Map<PartitionKey, Resting> ends = new LinkedHashMap<>();
        for (var topic : body.topics()) {
            for (var partition : topic.partitions()) {
                if (ends.size() < LogEndReport.MAX_PARTITIONS) {
                    ends.put(
                            new PartitionKey(topic.topicId(), partition.partitionId()),
                            new Resting(
                                    partition.leaderlessEpoch(),
                                    new LogEnd(
                                            body.nodeId(),
                                            partition.leaderEpoch(),
                                            partition.endOffset())));
                }
            }
        }
        controller.onLogEnds(new LogEndReport(body.nodeId(), body.nodeEpoch(), ends));
        Errors error = controller.isActive() ? Errors.NONE : Errors.NOT_CONTROLLER;
        request.reply(new ReportLogEndsResponseData().setErrorCode(error.code()));
    }
}
