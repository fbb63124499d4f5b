package io.headrace.storage.handler.records;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.storage.fetch.AnswerSize;
import io.headrace.storage.fetch.FetchService;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Client;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** Fetch: records for consumers, and for nodes that replicate. */
final class FetchHandler implements ApiHandler {
    private final Services services;

    FetchHandler(Services services) {
        this.services = services;
    }

    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiKeys.FETCH);
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        FetchRequestData fetch = (FetchRequestData) body;
        boolean state = request.version() >= 15;
        int replicaId = state ? fetch.replicaState().replicaId() : fetch.replicaId();
        Client client = request.client();
        if (replicaId >= 0 && !client.isNode(replicaId)) {
            request.replyError(Errors.CLUSTER_AUTHORIZATION_FAILED, null);
            return;
        }
        request.releaseFrame();
        Wake wake = new Wake();
        client.whenGone(wake);
        services.fetches()
                .fetch(
                        new FetchService.Call(
                                fetch,
                                request.version() >= 13,
                                replicaId,
                                state ? fetch.replicaState().replicaEpoch() : -1,
                                replicaId >= 0
                                        ? AnswerSize.UNBOUNDED
                                        : AnswerSize.of(client.connection().roundTripMicros()),
                                client.connection().loop(),
                                client::isGone,
                                wake::set,
                                response -> reply(request, wake, response)));
    }

    private static void reply(Request request, Wake wake, FetchResponseData response) {
        request.client().forget(wake);
        request.reply(response);
    }

    /** Wakes the fetch, if it is parked, when its client leaves. */
    private static final class Wake implements Runnable {
        private volatile @Nullable Runnable parked;

        void set(Runnable fetch) {
            parked = fetch;
        }

        @Override
        public void run() {
            Runnable fetch = parked;
            if (fetch != null) {
                fetch.run();
            }
        }
    }
}
