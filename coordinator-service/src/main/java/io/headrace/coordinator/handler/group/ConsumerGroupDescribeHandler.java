package io.headrace.coordinator.handler.group;

import io.headrace.coordinator.handler.routing.ManyShardsHandler;

import org.apache.kafka.common.message.ConsumerGroupDescribeRequestData;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData;
import org.apache.kafka.common.protocol.ApiKeys;

import java.util.List;

/** ConsumerGroupDescribe. */
final class ConsumerGroupDescribeHandler
        extends ManyShardsHandler<
                ConsumerGroupDescribeRequestData, ConsumerGroupDescribeResponseData, String> {

    ConsumerGroupDescribeHandler(GroupRouter router) {
        super(
                ApiKeys.CONSUMER_GROUP_DESCRIBE,
                ConsumerGroupDescribeRequestData.class,
                ConsumerGroupDescribeResponseData.class,
                router);
    }

    @Override
    protected List<String> things(ConsumerGroupDescribeRequestData request, short version) {
        return request.groupIds();
    }

    @Override
    protected String id(String group) {
        return group;
    }

    @Override
    protected ConsumerGroupDescribeRequestData part(
            ConsumerGroupDescribeRequestData whole, List<String> groups) {
        return new ConsumerGroupDescribeRequestData()
                .setGroupIds(groups)
                .setIncludeAuthorizedOperations(whole.includeAuthorizedOperations());
    }

    @Override
    protected ConsumerGroupDescribeResponseData whole(
            ConsumerGroupDescribeRequestData request,
            short version,
            List<ConsumerGroupDescribeResponseData> parts) {
        ConsumerGroupDescribeResponseData whole = new ConsumerGroupDescribeResponseData();
        parts.forEach(part -> whole.groups().addAll(part.groups()));
        return whole;
    }
}
