package io.headrace.storage.handler.node;

import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Services;

import java.util.List;

/** The handlers of this room. */
public final class NodeHandlers {
    private NodeHandlers() {}

    public static List<ApiHandler> of(Services services) {
        return List.of(
                new WriteTxnMarkersHandler(services),
                new ShardAppendHandler(services),
                new ShardReadCheckHandler(services),
                new ReportMetadataHandler(services));
    }
}
