package io.headrace.coordinator.group;

import org.apache.kafka.common.message.AlterShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.AlterShareGroupOffsetsResponseData;
import org.apache.kafka.common.message.ConsumerGroupDescribeRequestData;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData;
import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteGroupsResponseData;
import org.apache.kafka.common.message.DeleteGroupsResponseData.DeletableGroupResult;
import org.apache.kafka.common.message.DeleteShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.DeleteShareGroupOffsetsResponseData;
import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.DescribeGroupsResponseData;
import org.apache.kafka.common.message.DescribeGroupsResponseData.DescribedGroup;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsResponseData;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsResponseData.DescribeShareGroupOffsetsResponseGroup;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetCommitResponseData.OffsetCommitResponsePartition;
import org.apache.kafka.common.message.OffsetCommitResponseData.OffsetCommitResponseTopic;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteResponseData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseGroup;
import org.apache.kafka.common.message.ShareGroupDescribeRequestData;
import org.apache.kafka.common.message.ShareGroupDescribeResponseData;
import org.apache.kafka.common.message.ShareGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ShareGroupHeartbeatResponseData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData.TxnOffsetCommitResponsePartition;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData.TxnOffsetCommitResponseTopic;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData;
import org.apache.kafka.common.message.WriteTxnMarkersResponseData;
import org.apache.kafka.common.message.WriteTxnMarkersResponseData.WritableTxnMarkerPartitionResult;
import org.apache.kafka.common.message.WriteTxnMarkersResponseData.WritableTxnMarkerResult;
import org.apache.kafka.common.message.WriteTxnMarkersResponseData.WritableTxnMarkerTopicResult;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.function.Function;

/** The responses of the group APIs that tell of one error and nothing else. */
public final class GroupErrors {
    private GroupErrors() {}

    /**
     * A response of the request's API.
     *
     * @throws IllegalArgumentException if the request is of no group API
     */
    public static ApiMessage reply(ApiMessage request, short version, Errors error) {
        short code = error.code();
        return switch (request) {
            case JoinGroupRequestData join ->
                    Versions.of(
                            new JoinGroupResponseData()
                                    .setMemberId(join.memberId())
                                    .setErrorCode(code),
                            version);
            case SyncGroupRequestData sync -> new SyncGroupResponseData().setErrorCode(code);
            case HeartbeatRequestData heartbeat -> heartbeat(error);
            case LeaveGroupRequestData leave -> new LeaveGroupResponseData().setErrorCode(code);
            case OffsetCommitRequestData commit -> offsetCommit(commit, error);
            case OffsetFetchRequestData fetch -> offsetFetch(fetch, error);
            case OffsetDeleteRequestData delete ->
                    new OffsetDeleteResponseData().setErrorCode(code);
            case DescribeGroupsRequestData describe -> describeGroups(describe, error);
            case ListGroupsRequestData list -> new ListGroupsResponseData().setErrorCode(code);
            case DeleteGroupsRequestData delete -> deleteGroups(delete, error);
            case TxnOffsetCommitRequestData commit -> txnOffsetCommit(commit, error);
            case WriteTxnMarkersRequestData markers -> markers(markers, producerId -> error);
            case ConsumerGroupHeartbeatRequestData consumerHeartbeat ->
                    new ConsumerGroupHeartbeatResponseData().setErrorCode(code);
            case ConsumerGroupDescribeRequestData describe ->
                    describeConsumerGroups(describe, error);
            case ShareGroupHeartbeatRequestData heartbeat ->
                    new ShareGroupHeartbeatResponseData().setErrorCode(code);
            case ShareGroupDescribeRequestData describe -> describeShareGroups(describe, error);
            case DescribeShareGroupOffsetsRequestData describe ->
                    describeShareOffsets(describe, error);
            case AlterShareGroupOffsetsRequestData alter ->
                    new AlterShareGroupOffsetsResponseData()
                            .setErrorCode(code)
                            .setErrorMessage(error.message());
            case DeleteShareGroupOffsetsRequestData delete ->
                    new DeleteShareGroupOffsetsResponseData()
                            .setErrorCode(code)
                            .setErrorMessage(error.message());
            default -> throw new IllegalArgumentException("No group API: " + request.getClass());
        };
    }

    /** While the group loads its members' sessions do not run out, so all is well with them. */
    private static HeartbeatResponseData heartbeat(Errors error) {
        Errors shown = error == Errors.COORDINATOR_LOAD_IN_PROGRESS ? Errors.NONE : error;
        return new HeartbeatResponseData().setErrorCode(shown.code());
    }

    static OffsetCommitResponseData offsetCommit(OffsetCommitRequestData request, Errors error) {
        OffsetCommitResponseData response = new OffsetCommitResponseData();
        for (var topic : request.topics()) {
            OffsetCommitResponseTopic answer =
                    new OffsetCommitResponseTopic()
                            .setName(topic.name())
                            .setTopicId(topic.topicId());
            for (var partition : topic.partitions()) {
                answer.partitions()
                        .add(
                                new OffsetCommitResponsePartition()
                                        .setPartitionIndex(partition.partitionIndex())
                                        .setErrorCode(error.code()));
            }
            response.topics().add(answer);
        }
        return response;
    }

    private static TxnOffsetCommitResponseData txnOffsetCommit(
            TxnOffsetCommitRequestData request, Errors error) {
        TxnOffsetCommitResponseData response = new TxnOffsetCommitResponseData();
        for (var topic : request.topics()) {
            TxnOffsetCommitResponseTopic answer =
                    new TxnOffsetCommitResponseTopic().setName(topic.name());
            for (var partition : topic.partitions()) {
                answer.partitions()
                        .add(
                                new TxnOffsetCommitResponsePartition()
                                        .setPartitionIndex(partition.partitionIndex())
                                        .setErrorCode(error.code()));
            }
            response.topics().add(answer);
        }
        return response;
    }

    /** The same error for every partition of a producer's marker. */
    static WriteTxnMarkersResponseData markers(
            WriteTxnMarkersRequestData request, Function<Long, Errors> errorOf) {
        WriteTxnMarkersResponseData response = new WriteTxnMarkersResponseData();
        for (var marker : request.markers()) {
            WritableTxnMarkerResult result =
                    new WritableTxnMarkerResult().setProducerId(marker.producerId());
            short code = errorOf.apply(marker.producerId()).code();
            for (var topic : marker.topics()) {
                WritableTxnMarkerTopicResult answer =
                        new WritableTxnMarkerTopicResult().setName(topic.name());
                for (int partition : topic.partitionIndexes()) {
                    answer.partitions()
                            .add(
                                    new WritableTxnMarkerPartitionResult()
                                            .setPartitionIndex(partition)
                                            .setErrorCode(code));
                }
                result.topics().add(answer);
            }
            response.markers().add(result);
        }
        return response;
    }

    /** In the form of several groups; see {@link OffsetFetchDecision}. */
    private static OffsetFetchResponseData offsetFetch(
            OffsetFetchRequestData request, Errors error) {
        OffsetFetchResponseData response = new OffsetFetchResponseData();
        for (var group : request.groups()) {
            response.groups()
                    .add(
                            new OffsetFetchResponseGroup()
                                    .setGroupId(group.groupId())
                                    .setErrorCode(error.code()));
        }
        return response;
    }

    private static DescribeGroupsResponseData describeGroups(
            DescribeGroupsRequestData request, Errors error) {
        DescribeGroupsResponseData response = new DescribeGroupsResponseData();
        for (String groupId : request.groups()) {
            response.groups()
                    .add(new DescribedGroup().setGroupId(groupId).setErrorCode(error.code()));
        }
        return response;
    }

    private static ConsumerGroupDescribeResponseData describeConsumerGroups(
            ConsumerGroupDescribeRequestData request, Errors error) {
        ConsumerGroupDescribeResponseData response = new ConsumerGroupDescribeResponseData();
        for (String groupId : request.groupIds()) {
            response.groups()
                    .add(
                            new ConsumerGroupDescribeResponseData.DescribedGroup()
                                    .setGroupId(groupId)
                                    .setErrorCode(error.code()));
        }
        return response;
    }

    private static ShareGroupDescribeResponseData describeShareGroups(
            ShareGroupDescribeRequestData request, Errors error) {
        ShareGroupDescribeResponseData response = new ShareGroupDescribeResponseData();
        for (String groupId : request.groupIds()) {
            response.groups()
                    .add(
                            new ShareGroupDescribeResponseData.DescribedGroup()
                                    .setGroupId(groupId)
                                    .setErrorCode(error.code()));
        }
        return response;
    }

    private static DescribeShareGroupOffsetsResponseData describeShareOffsets(
            DescribeShareGroupOffsetsRequestData request, Errors error) {
        DescribeShareGroupOffsetsResponseData response =
                new DescribeShareGroupOffsetsResponseData();
        for (var group : request.groups()) {
            response.groups()
                    .add(
                            new DescribeShareGroupOffsetsResponseGroup()
                                    .setGroupId(group.groupId())
                                    .setErrorCode(error.code())
                                    .setErrorMessage(error.message()));
        }
        return response;
    }

    private static DeleteGroupsResponseData deleteGroups(
            DeleteGroupsRequestData request, Errors error) {
        DeleteGroupsResponseData response = new DeleteGroupsResponseData();
        for (String groupId : request.groupsNames()) {
            response.results()
                    .add(new DeletableGroupResult().setGroupId(groupId).setErrorCode(error.code()));
        }
        return response;
    }
}
