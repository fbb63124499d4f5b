package io.headrace.coordinator.handler.group;

import io.headrace.coordinator.handler.routing.ManyShardsHandler;

import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.DescribeGroupsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;

import java.util.List;

/** DescribeGroups. */
final class DescribeGroupsHandler
        extends ManyShardsHandler<DescribeGroupsRequestData, DescribeGroupsResponseData, String> {

    DescribeGroupsHandler(GroupRouter router) {
        super(
                ApiKeys.DESCRIBE_GROUPS,
                DescribeGroupsRequestData.class,
                DescribeGroupsResponseData.class,
                router);
    }

    @Override
    protected List<String> things(DescribeGroupsRequestData request, short version) {
        return request.groups();
    }

    @Override
    protected String id(String group) {
        return group;
    }

    @Override
    protected DescribeGroupsRequestData part(DescribeGroupsRequestData whole, List<String> groups) {
        return new DescribeGroupsRequestData()
                .setGroups(groups)
                .setIncludeAuthorizedOperations(whole.includeAuthorizedOperations());
    }

    @Override
    protected DescribeGroupsResponseData whole(
            DescribeGroupsRequestData request,
            short version,
            List<DescribeGroupsResponseData> parts) {
        DescribeGroupsResponseData whole = new DescribeGroupsResponseData();
        parts.forEach(part -> whole.groups().addAll(part.groups()));
        return whole;
    }
}
