package io.headrace.storage.handler.forwarding;

import io.headrace.storage.forward.ForwardTarget;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.message.AddOffsetsToTxnRequestData;
import org.apache.kafka.common.message.AlterShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.DeleteShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.ShareGroupHeartbeatRequestData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The handlers of this room. */
public final class ForwardedHandlers {
    /** Forwarded to the active controller. */
    private static final List<ApiKeys> ADMIN =
            List.of(
                    ApiKeys.CREATE_TOPICS,
                    ApiKeys.DELETE_TOPICS,
                    ApiKeys.CREATE_PARTITIONS,
                    ApiKeys.ALTER_CONFIGS,
                    ApiKeys.INCREMENTAL_ALTER_CONFIGS,
                    ApiKeys.LIST_CONFIG_RESOURCES,
                    ApiKeys.ALTER_PARTITION_REASSIGNMENTS,
                    ApiKeys.LIST_PARTITION_REASSIGNMENTS,
                    ApiKeys.ELECT_LEADERS,
                    ApiKeys.DESCRIBE_QUORUM,
                    ApiKeys.UPDATE_FEATURES,
                    ApiKeys.UNREGISTER_BROKER,
                    ApiKeys.DESCRIBE_CLIENT_QUOTAS,
                    ApiKeys.ALTER_CLIENT_QUOTAS,
                    ApiKeys.DESCRIBE_USER_SCRAM_CREDENTIALS,
                    ApiKeys.ALTER_USER_SCRAM_CREDENTIALS);

    /** Forwarded to the owner of the group's shard. */
    private static final List<ApiKeys> GROUP =
            List.of(
                    ApiKeys.JOIN_GROUP,
                    ApiKeys.SYNC_GROUP,
                    ApiKeys.HEARTBEAT,
                    ApiKeys.LEAVE_GROUP,
                    ApiKeys.CONSUMER_GROUP_HEARTBEAT,
                    ApiKeys.OFFSET_COMMIT,
                    ApiKeys.OFFSET_DELETE,
                    ApiKeys.TXN_OFFSET_COMMIT,
                    ApiKeys.SHARE_GROUP_HEARTBEAT,
                    ApiKeys.ALTER_SHARE_GROUP_OFFSETS,
                    ApiKeys.DELETE_SHARE_GROUP_OFFSETS);

    /** Forwarded to the owner of the transactional id's shard. */
    private static final List<ApiKeys> TRANSACTION =
            List.of(ApiKeys.ADD_OFFSETS_TO_TXN, ApiKeys.END_TXN);

    private ForwardedHandlers() {}

    public static List<ApiHandler> of(Services services) {
        List<ApiHandler> handlers = new ArrayList<>();
        for (ApiKeys api : ADMIN) {
            handlers.add(
                    new ForwardingHandler(
                            services,
                            api,
                            Errors.REQUEST_TIMED_OUT,
                            body -> new ForwardTarget.Controller()));
        }
        for (ApiKeys api : GROUP) {
            handlers.add(
                    new ForwardingHandler(
                            services,
                            api,
                            Errors.NOT_COORDINATOR,
                            body -> ShardTargets.ofGroup(services, groupOf(body))));
        }
        for (ApiKeys api : TRANSACTION) {
            handlers.add(
                    new ForwardingHandler(
                            services,
                            api,
                            Errors.NOT_COORDINATOR,
                            body -> ShardTargets.ofTransaction(services, transactionalIdOf(body))));
        }
        addSplit(handlers, services);
        handlers.add(new ListTransactionsHandler(services));
        handlers.add(new ListGroupsHandler(services));
        handlers.add(new DescribeConfigsHandler(services));
        handlers.add(new InitProducerIdHandler(services));
        return handlers;
    }

    /** APIs about several groups or transactional ids. */
    private static void addSplit(List<ApiHandler> handlers, Services services) {
        Function<String, ForwardTarget> groupOwner = group -> ShardTargets.ofGroup(services, group);
        Function<String, ForwardTarget> transactionOwner =
                id -> ShardTargets.ofTransaction(services, id);
        handlers.add(
                new GroupSplittingHandler(
                        services, ApiKeys.OFFSET_FETCH, new GroupSplit.OffsetFetch(), groupOwner));
        handlers.add(
                new GroupSplittingHandler(
                        services,
                        ApiKeys.DESCRIBE_GROUPS,
                        new GroupSplit.DescribeGroups(),
                        groupOwner));
        handlers.add(
                new GroupSplittingHandler(
                        services,
                        ApiKeys.CONSUMER_GROUP_DESCRIBE,
                        new GroupSplit.DescribeConsumerGroups(),
                        groupOwner));
        handlers.add(
                new GroupSplittingHandler(
                        services,
                        ApiKeys.SHARE_GROUP_DESCRIBE,
                        new ShareGroupSplit.DescribeGroups(),
                        groupOwner));
        handlers.add(
                new GroupSplittingHandler(
                        services,
                        ApiKeys.DESCRIBE_SHARE_GROUP_OFFSETS,
                        new ShareGroupSplit.DescribeOffsets(),
                        groupOwner));
        handlers.add(
                new GroupSplittingHandler(
                        services,
                        ApiKeys.DELETE_GROUPS,
                        new GroupSplit.DeleteGroups(),
                        groupOwner));
        handlers.add(
                new GroupSplittingHandler(
                        services,
                        ApiKeys.ADD_PARTITIONS_TO_TXN,
                        new GroupSplit.AddPartitions(),
                        transactionOwner));
        handlers.add(
                new GroupSplittingHandler(
                        services,
                        ApiKeys.DESCRIBE_TRANSACTIONS,
                        new GroupSplit.DescribeTransactions(),
                        transactionOwner));
    }

    private static String transactionalIdOf(ApiMessage body) {
        return switch (body) {
            case AddOffsetsToTxnRequestData add -> add.transactionalId();
            case EndTxnRequestData end -> end.transactionalId();
            default ->
                    throw new IllegalArgumentException("No transactional id in " + body.getClass());
        };
    }

    private static String groupOf(ApiMessage body) {
        return switch (body) {
            case JoinGroupRequestData join -> join.groupId();
            case SyncGroupRequestData sync -> sync.groupId();
            case HeartbeatRequestData heartbeat -> heartbeat.groupId();
            case LeaveGroupRequestData leave -> leave.groupId();
            case ConsumerGroupHeartbeatRequestData heartbeat -> heartbeat.groupId();
            case OffsetCommitRequestData commit -> commit.groupId();
            case OffsetDeleteRequestData delete -> delete.groupId();
            case TxnOffsetCommitRequestData commit -> commit.groupId();
            case ShareGroupHeartbeatRequestData heartbeat -> heartbeat.groupId();
            case AlterShareGroupOffsetsRequestData alter -> alter.groupId();
            case DeleteShareGroupOffsetsRequestData delete -> delete.groupId();
            default -> throw new IllegalArgumentException("No group in " + body.getClass());
        };
    }
}
