package io.headrace.storage.handler;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;

import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** InitProducerId of idempotent producers, from this node's block of ids. */
final class InitProducerIdHandler implements ApiHandler {
    private final Services services;

    InitProducerIdHandler(Services services) {
        this.services = services;
    }

    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiKeys.INIT_PRODUCER_ID);
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        InitProducerIdRequestData asked = (InitProducerIdRequestData) body;
        if (asked.transactionalId() != null) {
            // Transactions are not finalized as a feature yet; the producer fails at once with it.
            Errors error =
                    asked.transactionalId().isEmpty()
                            ? Errors.INVALID_REQUEST
                            : Errors.UNSUPPORTED_VERSION;
            request.reply(failed(error));
            return;
        }
        request.releaseFrame();
        services.producerIds()
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
