package io.headrace.coordinator.handler;

import io.headrace.coordinator.cluster.node.AllocateProducerIds;
import io.headrace.coordinator.metadata.Controller;

import org.apache.kafka.common.message.AllocateProducerIdsRequestData;
import org.apache.kafka.common.message.AllocateProducerIdsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;

/** AllocateProducerIds: a block of producer ids that no other node gets (KIP-730). */
final class AllocateProducerIdsHandler implements NodeHandler {
    private final Controller controller;

    AllocateProducerIdsHandler(Controller controller) {
        this.controller = controller;
    }

    @Override
    public short apiKey() {
        return ApiKeys.ALLOCATE_PRODUCER_IDS.id;
    }

    @Override
    public void handle(NodeRequest request) {
        AllocateProducerIdsRequestData body = request.body(AllocateProducerIdsRequestData.class);
        controller
                .submit(new AllocateProducerIds(body))
                .whenComplete(
                        (answer, failure) ->
                                request.reply(
                                        failure == null
                                                ? answer
                                                : new AllocateProducerIdsResponseData()
                                                        .setErrorCode(
                                                                Failures.error(failure).code())));
    }
}
