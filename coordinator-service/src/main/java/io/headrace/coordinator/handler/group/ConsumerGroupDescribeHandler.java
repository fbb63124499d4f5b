package io.headrace.coordinator.handler.group;

import org.apache.kafka.common.message.ConsumerGroupDescribeRequestData;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData;
import org.apache.kafka.common.protocol.ApiKeys;

import java.util.List;

/** ConsumerGroupDescribe. */
final class ConsumerGroupDescribeHandler
        extends ManyGroupsHandler<
                ConsumerGroupDescribeRequestData, ConsumerGroupDescribeResponseData, String> {

    ConsumerGroupDescribeHandler(GroupRouter router) {
        super(
                ApiKeys.CONSUMER_GROUP_DESCRIBE,
                ConsumerGroupDescribeRequestData.class,
                ConsumerGroupDescribeResponseData.class,
                router);
    }

    @Override
    List<String> groups(ConsumerGroupDescribeRequestData request, short version) {
        return request.groupIds();
    }

    @Override
    String groupId(String group) {
        return group;
    }

    @Override
    ConsumerGroupDescribeRequestData part(
            ConsumerGroupDescribeRequestData whole, List<String> groups) {
        return new ConsumerGroupDescribeRequestData()
                .setGroupIds(groups)
                .setIncludeAuthorizedOperations(whole.includeAuthorizedOperations());
    }

    @Override
    ConsumerGroupDescribeResponseData whole(
            ConsumerGroupDescribeRequestData request,
            short version,
            List<ConsumerGroupDescribeResponseData> parts) {
        ConsumerGroupDescribeResponseData whole = new ConsumerGroupDescribeResponseData();
        parts.forEach(part -> whole.groups().addAll(part.groups()));
        return whole;
    }
}
