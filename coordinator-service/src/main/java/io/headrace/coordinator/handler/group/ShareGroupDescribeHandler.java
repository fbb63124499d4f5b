package io.headrace.coordinator.handler.group;

import io.headrace.coordinator.handler.routing.ManyShardsHandler;

import org.apache.kafka.common.message.ShareGroupDescribeRequestData;
import org.apache.kafka.common.message.ShareGroupDescribeResponseData;
import org.apache.kafka.common.protocol.ApiKeys;

import java.util.List;

/** ShareGroupDescribe. */
final class ShareGroupDescribeHandler
        extends ManyShardsHandler<
                ShareGroupDescribeRequestData, ShareGroupDescribeResponseData, String> {

    ShareGroupDescribeHandler(GroupRouter router) {
        super(
                ApiKeys.SHARE_GROUP_DESCRIBE,
                ShareGroupDescribeRequestData.class,
                ShareGroupDescribeResponseData.class,
                router);
    }

    @Override
    protected List<String> things(ShareGroupDescribeRequestData request, short version) {
        return request.groupIds();
    }

    @Override
    protected String id(String group) {
        return group;
    }

    @Override
    protected ShareGroupDescribeRequestData part(
            ShareGroupDescribeRequestData whole, List<String> groups) {
        return new ShareGroupDescribeRequestData()
                .setGroupIds(groups)
                .setIncludeAuthorizedOperations(whole.includeAuthorizedOperations());
    }

    @Override
    protected ShareGroupDescribeResponseData whole(
            ShareGroupDescribeRequestData request,
            short version,
            List<ShareGroupDescribeResponseData> parts) {
        ShareGroupDescribeResponseData whole = new ShareGroupDescribeResponseData();
        parts.forEach(part -> whole.groups().addAll(part.groups()));
        return whole;
    }
}
