package io.headrace.storage.handler.forwarding;

import io.headrace.storage.forward.ForwardTarget;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/**
 * InitProducerId: of idempotent producers from this node's block of ids, of transactional ones by
 * the owner of the transactional id.
 */
final class InitProducerIdHandler extends ForwardingHandler {

    InitProducerIdHandler(Services services) {
        super(
                services,
                ApiKeys.INIT_PRODUCER_ID,
                Errors.NOT_COORDINATOR,
                body -> new ForwardTarget.Controller());
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        InitProducerIdRequestData asked = (InitProducerIdRequestData) body;
        if (asked.transactionalId() != null) {
            if (asked.transactionalId().isEmpty()) {
                request.reply(failed(Errors.INVALID_REQUEST));
            } else {
                forward(
                        request,
                        body,
                        ShardTargets.ofTransaction(services(), asked.transactionalId()));
            }
            return;
        }
        request.releaseFrame();
        services()
                .producerIds()
                .next()
                .whenComplete(
                        (id, failure) -> {
                            if (failure != null) {
                                request.reply(failed(Errors.forException(failure)));
                            } else {
                                request.reply(
                                        new InitProducerIdResponseData()
                                                .setProducerId(id)
                                                .setProducerEpoch((short) 0));
                            }
                        });
    }

    private static InitProducerIdResponseData failed(Errors error) {
        return new InitProducerIdResponseData()
                .setErrorCode(error.code())
                .setProducerId(-1)
                .setProducerEpoch((short) -1);
    }
}
