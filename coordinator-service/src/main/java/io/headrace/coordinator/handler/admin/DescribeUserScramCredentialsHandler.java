package io.headrace.coordinator.handler.admin;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.node.DescribeUsers;
import io.headrace.coordinator.metadata.Controller;

import org.apache.kafka.common.message.DescribeUserScramCredentialsRequestData;
import org.apache.kafka.common.message.DescribeUserScramCredentialsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/** DescribeUserScramCredentials. */
final class DescribeUserScramCredentialsHandler
        extends AdminHandler<
                DescribeUserScramCredentialsRequestData, DescribeUserScramCredentialsResponseData> {

    DescribeUserScramCredentialsHandler(Controller controller) {
        super(
                ApiKeys.DESCRIBE_USER_SCRAM_CREDENTIALS,
                DescribeUserScramCredentialsRequestData.class,
                controller);
    }

    @Override
    Command<DescribeUserScramCredentialsResponseData> command(
            DescribeUserScramCredentialsRequestData request) {
        return new DescribeUsers(request);
    }

    @Override
    DescribeUserScramCredentialsResponseData refusal(
            DescribeUserScramCredentialsRequestData request, Errors error, String message) {
        return new DescribeUserScramCredentialsResponseData()
                .setErrorCode(error.code())
                .setErrorMessage(message);
    }
}
