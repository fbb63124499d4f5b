package io.headrace.coordinator.handler;

import io.headrace.coordinator.cluster.node.AssignReplicasToDirs;
import io.headrace.coordinator.metadata.Controller;

import org.apache.kafka.common.message.AssignReplicasToDirsRequestData;
import org.apache.kafka.common.message.AssignReplicasToDirsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;

/** AssignReplicasToDirs: a node says in which of its directories its replicas lie. */
final class AssignReplicasToDirsHandler implements NodeHandler {
    private final Controller controller;

    AssignReplicasToDirsHandler(Controller controller) {
        this.controller = controller;
    }

    @Override
    public short apiKey() {
        return ApiKeys.ASSIGN_REPLICAS_TO_DIRS.id;
    }

    @Override
    public void handle(NodeRequest request) {
        controller
                .submit(
                        new AssignReplicasToDirs(
                                request.body(AssignReplicasToDirsRequestData.class)))
                .whenComplete(
                        (answer, failure) ->
                                request.reply(
                                        failure == null
                                                ? answer
                                                : new AssignReplicasToDirsResponseData()
                                                        .setErrorCode(
                                                                Failures.error(failure).code())));
    }
}
