package io.headrace.coordinator.handler.admin;

import io.headrace.coordinator.handler.ForwardedHandler;
import io.headrace.coordinator.metadata.Controller;

import java.util.List;

/** The handlers of everything that the controller decides for clients. */
public final class AdminHandlers {
    private AdminHandlers() {}

    public static List<ForwardedHandler> of(Controller controller) {
        return List.of(
                new CreateTopicsHandler(controller),
                new DeleteTopicsHandler(controller),
                new CreatePartitionsHandler(controller),
                new DescribeConfigsHandler(controller),
                new AlterConfigsHandler(controller),
                new IncrementalAlterConfigsHandler(controller),
                new ListConfigResourcesHandler(controller),
                new ElectLeadersHandler(controller),
                new AlterPartitionReassignmentsHandler(controller),
                new ListPartitionReassignmentsHandler(controller),
                new DescribeQuorumHandler(controller),
                new DescribeClientQuotasHandler(controller),
                new DescribeUserScramCredentialsHandler(controller),
                new UpdateFeaturesHandler(controller),
                new UnregisterBrokerHandler(controller));
    }
}
