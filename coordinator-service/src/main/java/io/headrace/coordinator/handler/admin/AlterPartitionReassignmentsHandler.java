package io.headrace.coordinator.handler.admin;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.replica.AlterPartitionReassignments;
import io.headrace.coordinator.metadata.Controller;

import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/** AlterPartitionReassignments. */
final class AlterPartitionReassignmentsHandler
        extends AdminHandler<
                AlterPartitionReassignmentsRequestData, AlterPartitionReassignmentsResponseData> {

    AlterPartitionReassignmentsHandler(Controller controller) {
        super(
                ApiKeys.ALTER_PARTITION_REASSIGNMENTS,
                AlterPartitionReassignmentsRequestData.class,
                controller);
    }

    @Override
    Command<AlterPartitionReassignmentsResponseData> command(
            AlterPartitionReassignmentsRequestData request) {
        return new AlterPartitionReassignments(request);
    }

    @Override
    AlterPartitionReassignmentsResponseData refusal(
            AlterPartitionReassignmentsRequestData request, Errors error, String message) {
        return new AlterPartitionReassignmentsResponseData()
                .setErrorCode(error.code())
                .setErrorMessage(message);
    }
}
