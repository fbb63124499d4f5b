package io.headrace.coordinator.handler;

import io.headrace.coordinator.cluster.SlowDisks;
import io.headrace.coordinator.cluster.replica.LeaveSlowDisks;
import io.headrace.coordinator.metadata.Controller;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.message.ReportSlowDisksRequestData;
import io.headrace.protocol.message.ReportSlowDisksResponseData;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Set;
import java.util.stream.Collectors;

/** ReportSlowDisks: a node says which of its log directories are slow; others lead then. */
final class ReportSlowDisksHandler implements NodeHandler {
    private static final Logger log = LoggerFactory.getLogger(ReportSlowDisksHandler.class);

    private final Controller controller;

    ReportSlowDisksHandler(Controller controller) {
        this.controller = controller;
    }

    @Override
    public short apiKey() {
        return ApiCatalog.REPORT_SLOW_DISKS;
    }

    @Override
    public void handle(NodeRequest request) {
        ReportSlowDisksRequestData body = request.body(ReportSlowDisksRequestData.class);
        int nodeId = body.nodeId();
        Set<Uuid> slow =
                body.logDirs().stream()
                        .limit(SlowDisks.MAX_LOG_DIRS)
                        .collect(Collectors.toUnmodifiableSet());
        controller.onSlowDisks(
                (disks, nowMs) -> disks.onReport(nodeId, body.nodeEpoch(), slow, nowMs));
        controller
                .submit(new LeaveSlowDisks(nodeId, body.nodeEpoch()))
                .whenComplete(
                        (outcome, failure) -> {
                            if (outcome != null && outcome.moved() > 0) {
                                onMoved(nodeId, slow, outcome);
                            }
                            Errors error = failure == null ? Errors.NONE : Failures.error(failure);
                            request.reply(
                                    new ReportSlowDisksResponseData().setErrorCode(error.code()));
                        });
    }

    private void onMoved(int nodeId, Set<Uuid> slow, LeaveSlowDisks.Outcome outcome) {
        log.warn(
                "Others lead {} partitions in place of node {}, whose log directories {} are slow",
                outcome.moved(),
                nodeId,
                slow);
        if (outcome.isAll()) {
            controller.onSlowDisks((disks, nowMs) -> disks.onMoved(nodeId, nowMs));
        }
    }
}
