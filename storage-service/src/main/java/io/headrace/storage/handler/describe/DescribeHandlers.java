package io.headrace.storage.handler.describe;

import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Services;

import java.util.List;

/** The handlers of this room. */
public final class DescribeHandlers {
    private DescribeHandlers() {}

    public static List<ApiHandler> of(Services services) {
        return List.of(
                new MetadataHandler(services, new TopicAutoCreation(services)),
                new DescribeClusterHandler(services),
                new DescribeTopicPartitionsHandler(services),
                new FindCoordinatorHandler(services),
                new DescribeLogDirsHandler(services),
                new AlterReplicaLogDirsHandler(services));
    }
}
