package io.headrace.coordinator.handler.admin;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.topic.DescribeConfigs;
import io.headrace.coordinator.metadata.Controller;

import org.apache.kafka.common.message.DescribeConfigsRequestData;
import org.apache.kafka.common.message.DescribeConfigsResponseData;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsResult;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/** DescribeConfigs of topics and of the defaults of brokers. */
final class DescribeConfigsHandler
        extends AdminHandler<DescribeConfigsRequestData, DescribeConfigsResponseData> {

    DescribeConfigsHandler(Controller controller) {
        super(ApiKeys.DESCRIBE_CONFIGS, DescribeConfigsRequestData.class, controller);
    }

    @Override
    Command<DescribeConfigsResponseData> command(DescribeConfigsRequestData request) {
        return new DescribeConfigs(request);
    }

    @Override
    DescribeConfigsResponseData refusal(
            DescribeConfigsRequestData request, Errors error, String message) {
        DescribeConfigsResponseData response = new DescribeConfigsResponseData();
        for (var resource : request.resources()) {
            response.results()
                    .add(
                            new DescribeConfigsResult()
                                    .setResourceType(resource.resourceType())
                                    .setResourceName(resource.resourceName())
                                    .setErrorCode(error.code())
                                    .setErrorMessage(message));
        }
        return response;
    }
}
