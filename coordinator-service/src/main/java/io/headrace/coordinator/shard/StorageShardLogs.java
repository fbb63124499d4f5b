package io.headrace.coordinator.shard;

import io.headrace.coordinator.metadata.ClusterMetadata;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.message.ShardAppendRequestData;
import io.headrace.protocol.message.ShardAppendResponseData;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The logs of shards at the storage nodes that lead their partitions. */
public final class StorageShardLogs {
    private static final ApiSchema APPEND = ApiCatalog.get(ApiCatalog.SHARD_APPEND);
    private static final ApiSchema FETCH = ApiCatalog.get(ApiKeys.FETCH);
    private static final short APPEND_VERSION = 0;

    /** Topic ids, and replica id -1 as the default. */
    private static final short FETCH_VERSION = 15;

    private static final int APPEND_TIMEOUT_MS = 5_000;
    private static final int FINAL_SESSION_EPOCH = -1;

    private final ClusterMetadata metadata;
    private final StorageLinks links;
    private final ReadChecks checks;

    public StorageShardLogs(ClusterMetadata metadata, StorageLinks links) {
        this.metadata = metadata;
        this.links = links;
        this.checks = new ReadChecks(links);
    }

    /** The log of one shard. */
    public ShardLog of(Uuid topicId, int partition) {
        return new StorageShardLog(topicId, partition);
    }

    /** Follows the partition's leader as the metadata names it, request by request. */
    private final class StorageShardLog implements ShardLog {
        private final Uuid topicId;
        private final int partition;

        StorageShardLog(Uuid topicId, int partition) {
            this.topicId = topicId;
            this.partition = partition;
        }

        private @Nullable NodeImage leader() {
            MetadataImage image = metadata.image();
            PartitionImage state = image.partition(topicId, partition);
            NodeImage node = state == null ? null : image.nodes().get(state.leaderId());
            return state == null || node == null || node.nodeEpoch() != state.leaderNodeEpoch()
                    ? null
                    : node;
        }

        @Override
        public CompletableFuture<Appended> append(
                int shardEpoch, long expectedEndOffset, ByteBuffer batches) {
            NodeImage leader = leader();
            if (leader == null) {
                return CompletableFuture.completedFuture(
                        new Appended(Errors.LEADER_NOT_AVAILABLE, -1, -1));
            }
            ShardAppendRequestData request =
                    new ShardAppendRequestData()
                            .setTopicId(topicId)
                            .setPartition(partition)
                            .setShardEpoch(shardEpoch)
                            .setExpectedEndOffset(expectedEndOffset)
                            .setTimeoutMs(APPEND_TIMEOUT_MS)
                            .setRecords(RecordsField.of(batches));
            return links.to(leader)
                    .thenCompose(
                            channel ->
                                    channel.call(
                                            APPEND,
                                            APPEND_VERSION,
                                            request,
                                            ShardAppendResponseData.class))
                    .thenApply(
                            response ->
                                    new Appended(
                                            Errors.forCode(response.errorCode()),
                                            response.baseOffset(),
                                            response.logEndOffset()));
        }

        @Override
        public CompletableFuture<Read> read(long offset, int maxBytes, int maxWaitMs) {
            NodeImage leader = leader();
            if (leader == null) {
                return CompletableFuture.completedFuture(refused(Errors.LEADER_NOT_AVAILABLE));
            }
            FetchRequestData request =
                    new FetchRequestData()
                            .setMaxWaitMs(maxWaitMs)
                            .setMinBytes(1)
                            .setMaxBytes(maxBytes)
                            .setSessionEpoch(FINAL_SESSION_EPOCH)
                            .setTopics(
                                    List.of(
                                            new FetchTopic()
                                                    .setTopicId(topicId)
                                                    .setPartitions(
                                                            List.of(
                                                                    partitionOf(
                                                                            offset, maxBytes)))));
            return links.to(leader)
                    .thenCompose(
                            channel ->
                                    channel.call(
                                            FETCH, FETCH_VERSION, request, FetchResponseData.class))
                    .thenApply(StorageShardLogs::readOf);
        }

        private FetchPartition partitionOf(long offset, int maxBytes) {
            return new FetchPartition()
                    .setPartition(partition)
                    .setCurrentLeaderEpoch(-1)
                    .setFetchOffset(offset)
                    .setPartitionMaxBytes(maxBytes);
        }

        @Override
        public CompletableFuture<Errors> check(int shardEpoch) {
            NodeImage leader = leader();
            return leader == null
                    ? CompletableFuture.completedFuture(Errors.LEADER_NOT_AVAILABLE)
                    : checks.check(leader, topicId, partition, shardEpoch);
        }
    }

    private static ShardLog.Read readOf(FetchResponseData response) {
        if (response.errorCode() != Errors.NONE.code()) {
            return refused(Errors.forCode(response.errorCode()));
        }
        if (response.responses().size() != 1
                || response.responses().getFirst().partitions().size() != 1) {
            return refused(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        }
        PartitionData data = response.responses().getFirst().partitions().getFirst();
        ByteBuffer batches = RecordsField.bytes(data.records());
        return new ShardLog.Read(
                Errors.forCode(data.errorCode()),
                data.logStartOffset(),
                batches == null ? ByteBuffer.allocate(0) : batches);
    }

    private static ShardLog.Read refused(Errors error) {
        return new ShardLog.Read(error, -1, ByteBuffer.allocate(0));
    }
}
