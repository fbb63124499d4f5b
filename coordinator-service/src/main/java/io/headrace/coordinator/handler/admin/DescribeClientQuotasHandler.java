package io.headrace.coordinator.handler.admin;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.coordinator.metadata.Controller;

import org.apache.kafka.common.message.DescribeClientQuotasRequestData;
import org.apache.kafka.common.message.DescribeClientQuotasResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.util.List;

/** DescribeClientQuotas of a cluster that has no quotas. */
final class DescribeClientQuotasHandler
        extends AdminHandler<DescribeClientQuotasRequestData, DescribeClientQuotasResponseData> {

    DescribeClientQuotasHandler(Controller controller) {
        super(ApiKeys.DESCRIBE_CLIENT_QUOTAS, DescribeClientQuotasRequestData.class, controller);
    }

    @Override
    Command<DescribeClientQuotasResponseData> command(DescribeClientQuotasRequestData request) {
        return (state, nowMs) ->
                Decision.answer(
                        new DescribeClientQuotasResponseData()
                                .setErrorMessage(null)
                                .setEntries(List.of()));
    }

    @Override
    DescribeClientQuotasResponseData refusal(
            DescribeClientQuotasRequestData request, Errors error, String message) {
        return new DescribeClientQuotasResponseData()
                .setErrorCode(error.code())
                .setErrorMessage(message)
                .setEntries(null);
    }
}
