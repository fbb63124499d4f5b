package io.headrace.coordinator.handler.group;

import io.headrace.coordinator.handler.routing.ManyShardsHandler;

import org.apache.kafka.common.message.DescribeShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsRequestData.DescribeShareGroupOffsetsRequestGroup;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;

import java.util.List;

/** DescribeShareGroupOffsets. */
final class DescribeShareOffsetsHandler
        extends ManyShardsHandler<
                DescribeShareGroupOffsetsRequestData,
                DescribeShareGroupOffsetsResponseData,
                DescribeShareGroupOffsetsRequestGroup> {

    DescribeShareOffsetsHandler(GroupRouter router) {
        super(
                ApiKeys.DESCRIBE_SHARE_GROUP_OFFSETS,
                DescribeShareGroupOffsetsRequestData.class,
                DescribeShareGroupOffsetsResponseData.class,
                router);
    }

    @Override
    protected List<DescribeShareGroupOffsetsRequestGroup> things(
            DescribeShareGroupOffsetsRequestData request, short version) {
        return request.groups();
    }

    @Override
    protected String id(DescribeShareGroupOffsetsRequestGroup group) {
        return group.groupId();
    }

    @Override
    protected DescribeShareGroupOffsetsRequestData part(
            DescribeShareGroupOffsetsRequestData whole,
            List<DescribeShareGroupOffsetsRequestGroup> groups) {
        return new DescribeShareGroupOffsetsRequestData().setGroups(groups);
    }

    @Override
    protected DescribeShareGroupOffsetsResponseData whole(
            DescribeShareGroupOffsetsRequestData request,
            short version,
            List<DescribeShareGroupOffsetsResponseData> parts) {
        DescribeShareGroupOffsetsResponseData whole = new DescribeShareGroupOffsetsResponseData();
        parts.forEach(part -> whole.groups().addAll(part.groups()));
        return whole;
    }
}
