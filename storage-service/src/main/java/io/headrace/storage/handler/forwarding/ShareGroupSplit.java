package io.headrace.storage.handler.forwarding;

import org.apache.kafka.common.message.DescribeShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsRequestData.DescribeShareGroupOffsetsRequestGroup;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsResponseData;
import org.apache.kafka.common.message.ShareGroupDescribeRequestData;
import org.apache.kafka.common.message.ShareGroupDescribeResponseData;
import org.apache.kafka.common.protocol.ApiMessage;

import java.util.List;
import java.util.Set;

/** How requests about several share groups are taken apart. */
sealed interface ShareGroupSplit extends GroupSplit {

    /** ShareGroupDescribe. */
    record DescribeGroups() implements ShareGroupSplit {
        @Override
        public List<String> groups(ApiMessage request) {
            return ((ShareGroupDescribeRequestData) request).groupIds();
        }

        @Override
        public ApiMessage only(ApiMessage request, Set<String> groups) {
            ShareGroupDescribeRequestData part =
                    ((ShareGroupDescribeRequestData) request).duplicate();
            part.setGroupIds(part.groupIds().stream().filter(groups::contains).toList());
            return part;
        }

        @Override
        public void merge(ApiMessage into, ApiMessage answer) {
            ((ShareGroupDescribeResponseData) into)
                    .groups()
                    .addAll(((ShareGroupDescribeResponseData) answer).groups());
        }
    }

    /** DescribeShareGroupOffsets. */
    record DescribeOffsets() implements ShareGroupSplit {
        @Override
        public List<String> groups(ApiMessage request) {
            return ((DescribeShareGroupOffsetsRequestData) request)
                    .groups().stream().map(DescribeShareGroupOffsetsRequestGroup::groupId).toList();
        }

        @Override
        public ApiMessage only(ApiMessage request, Set<String> groups) {
            DescribeShareGroupOffsetsRequestData part =
                    ((DescribeShareGroupOffsetsRequestData) request).duplicate();
            part.groups().removeIf(group -> !groups.contains(group.groupId()));
            return part;
        }

        @Override
        public void merge(ApiMessage into, ApiMessage answer) {
            ((DescribeShareGroupOffsetsResponseData) into)
                    .groups()
                    .addAll(((DescribeShareGroupOffsetsResponseData) answer).groups());
        }
    }
}
