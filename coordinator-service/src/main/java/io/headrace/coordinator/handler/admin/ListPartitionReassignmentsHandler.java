package io.headrace.coordinator.handler.admin;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.replica.ListPartitionReassignments;
import io.headrace.coordinator.metadata.Controller;

import org.apache.kafka.common.message.ListPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.ListPartitionReassignmentsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/** ListPartitionReassignments. */
final class ListPartitionReassignmentsHandler
        extends AdminHandler<
                ListPartitionReassignmentsRequestData, ListPartitionReassignmentsResponseData> {

    ListPartitionReassignmentsHandler(Controller controller) {
        super(
                ApiKeys.LIST_PARTITION_REASSIGNMENTS,
                ListPartitionReassignmentsRequestData.class,
                controller);
    }

    @Override
    Command<ListPartitionReassignmentsResponseData> command(
            ListPartitionReassignmentsRequestData request) {
        return new ListPartitionReassignments(request);
    }

    @Override
    ListPartitionReassignmentsResponseData refusal(
            ListPartitionReassignmentsRequestData request, Errors error, String message) {
        return new ListPartitionReassignmentsResponseData()
                .setErrorCode(error.code())
                .setErrorMessage(message);
    }
}
