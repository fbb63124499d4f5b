package io.headrace.coordinator.handler.group;

import io.headrace.coordinator.handler.ForwardedHandler;
import io.headrace.coordinator.handler.routing.OneShardHandler;
import io.headrace.coordinator.metadata.InternalTopics;
import io.headrace.coordinator.shard.OwnedShards;

import org.apache.kafka.common.message.AlterShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.DeleteShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.ShareGroupHeartbeatRequestData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.protocol.ApiKeys;

import java.util.List;

/** The handlers of all group APIs. */
public final class GroupHandlers {
    private GroupHandlers() {}

    /**
     * One handler for each API.
     *
     * @param shards the group shards of this coordinator
     * @param topics makes the groups' topic when a group is first asked for
     */
    public static List<ForwardedHandler> of(OwnedShards shards, InternalTopics topics) {
        GroupRouter router = new GroupRouter(shards, topics);
        return List.of(
                new OneShardHandler<>(
                        ApiKeys.JOIN_GROUP,
                        JoinGroupRequestData.class,
                        JoinGroupRequestData::groupId,
                        router),
                new OneShardHandler<>(
                        ApiKeys.SYNC_GROUP,
                        SyncGroupRequestData.class,
                        SyncGroupRequestData::groupId,
                        router),
                new OneShardHandler<>(
                        ApiKeys.HEARTBEAT,
                        HeartbeatRequestData.class,
                        HeartbeatRequestData::groupId,
                        router),
                new OneShardHandler<>(
                        ApiKeys.LEAVE_GROUP,
                        LeaveGroupRequestData.class,
                        LeaveGroupRequestData::groupId,
                        router),
                new OneShardHandler<>(
                        ApiKeys.OFFSET_COMMIT,
                        OffsetCommitRequestData.class,
                        OffsetCommitRequestData::groupId,
                        router),
                new OneShardHandler<>(
                        ApiKeys.OFFSET_DELETE,
                        OffsetDeleteRequestData.class,
                        OffsetDeleteRequestData::groupId,
                        router),
                new OneShardHandler<>(
                        ApiKeys.TXN_OFFSET_COMMIT,
                        TxnOffsetCommitRequestData.class,
                        TxnOffsetCommitRequestData::groupId,
                        router),
                new OneShardHandler<>(
                        ApiKeys.CONSUMER_GROUP_HEARTBEAT,
                        ConsumerGroupHeartbeatRequestData.class,
                        ConsumerGroupHeartbeatRequestData::groupId,
                        router),
                new OneShardHandler<>(
                        ApiKeys.SHARE_GROUP_HEARTBEAT,
                        ShareGroupHeartbeatRequestData.class,
                        ShareGroupHeartbeatRequestData::groupId,
                        router),
                new OneShardHandler<>(
                        ApiKeys.ALTER_SHARE_GROUP_OFFSETS,
                        AlterShareGroupOffsetsRequestData.class,
                        AlterShareGroupOffsetsRequestData::groupId,
                        router),
                new OneShardHandler<>(
                        ApiKeys.DELETE_SHARE_GROUP_OFFSETS,
                        DeleteShareGroupOffsetsRequestData.class,
                        DeleteShareGroupOffsetsRequestData::groupId,
                        router),
                new ShareGroupDescribeHandler(router),
                new DescribeShareOffsetsHandler(router),
                new ConsumerGroupDescribeHandler(router),
                new OffsetFetchHandler(router),
                new DescribeGroupsHandler(router),
                new DeleteGroupsHandler(router),
                new ListGroupsHandler(router));
    }
}
