package io.headrace.coordinator.handler.admin;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.node.DescribeQuorum;
import io.headrace.coordinator.metadata.Controller;

import org.apache.kafka.common.message.DescribeQuorumRequestData;
import org.apache.kafka.common.message.DescribeQuorumResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/** DescribeQuorum. */
final class DescribeQuorumHandler
        extends AdminHandler<DescribeQuorumRequestData, DescribeQuorumResponseData> {

    DescribeQuorumHandler(Controller controller) {
        super(ApiKeys.DESCRIBE_QUORUM, DescribeQuorumRequestData.class, controller);
    }

    @Override
    Command<DescribeQuorumResponseData> command(DescribeQuorumRequestData request) {
        return new DescribeQuorum(request);
    }

    @Override
    DescribeQuorumResponseData refusal(
            DescribeQuorumRequestData request, Errors error, String message) {
        return new DescribeQuorumResponseData().setErrorCode(error.code()).setErrorMessage(message);
    }
}
