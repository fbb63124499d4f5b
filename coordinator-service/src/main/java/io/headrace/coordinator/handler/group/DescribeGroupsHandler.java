package io.headrace.coordinator.handler.group;

import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.DescribeGroupsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;

import java.util.List;

/** DescribeGroups. */
final class DescribeGroupsHandler
        extends ManyGroupsHandler<DescribeGroupsRequestData, DescribeGroupsResponseData, String> {

    DescribeGroupsHandler(GroupRouter router) {
        super(
                ApiKeys.DESCRIBE_GROUPS,
                DescribeGroupsRequestData.class,
                DescribeGroupsResponseData.class,
                router);
    }

    @Override
    List<String> groups(DescribeGroupsRequestData request, short version) {
        return request.groups();
    }

    @Override
    String groupId(String group) {
        return group;
    }

    @Override
    DescribeGroupsRequestData part(DescribeGroupsRequestData whole, List<String> groups) {
        return new DescribeGroupsRequestData()
                .setGroups(groups)
                .setIncludeAuthorizedOperations(whole.includeAuthorizedOperations());
    }

    @Override
    DescribeGroupsResponseData whole(
            DescribeGroupsRequestData request,
            short version,
            List<DescribeGroupsResponseData> parts) {
        DescribeGroupsResponseData whole = new DescribeGroupsResponseData();
        parts.forEach(part -> whole.groups().addAll(part.groups()));
        return whole;
    }
}
