package io.headrace.coordinator.handler;

import io.headrace.coordinator.cluster.replica.AlterPartition;
import io.headrace.coordinator.metadata.Controller;

import org.apache.kafka.common.message.AlterPartitionRequestData;
import org.apache.kafka.common.message.AlterPartitionResponseData;
import org.apache.kafka.common.protocol.ApiKeys;

/** AlterPartition: a leader asks for another set of in-sync replicas. */
final class AlterPartitionHandler implements NodeHandler {
    /** The first version that names the incarnations of the members (KIP-903). */
    private static final short VERSION = 3;

    private final Controller controller;

    AlterPartitionHandler(Controller controller) {
        this.controller = controller;
    }

    @Override
    public short apiKey() {
        return ApiKeys.ALTER_PARTITION.id;
    }

    @Override
    public short minVersion() {
        return VERSION;
    }

    @Override
    public short maxVersion() {
        return VERSION;
    }

    @Override
    public void handle(NodeRequest request) {
        controller
                .submit(new AlterPartition(request.body(AlterPartitionRequestData.class)))
                .whenComplete(
                        (answer, failure) ->
                                request.reply(
                                        failure == null
                                                ? answer
                                                : new AlterPartitionResponseData()
                                                        .setErrorCode(
                                                                Failures.error(failure).code())));
    }
}
