package io.headrace.storage.handler.records;

import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Services;

import java.util.List;

/** The handlers of this room. */
public final class RecordHandlers {
    private RecordHandlers() {}

    public static List<ApiHandler> of(Services services) {
        return List.of(
                new ProduceHandler(services, new TransactionVerifier(services)),
                new FetchHandler(services),
                new ShareFetchHandler(services),
                new ShareAcknowledgeHandler(services),
                new ListOffsetsHandler(services),
                new OffsetForLeaderEpochHandler(services),
                new DeleteRecordsHandler(services),
                new DescribeProducersHandler(services));
    }
}
