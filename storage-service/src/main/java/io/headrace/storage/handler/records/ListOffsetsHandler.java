package io.headrace.storage.handler.records;

import io.headrace.protocol.batch.TimestampedOffset;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.PartitionQuestions;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.partition.FetchQuery;
import io.headrace.storage.partition.Partition;

import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsPartition;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsTopic;
import org.apache.kafka.common.message.ListOffsetsResponseData;
import org.apache.kafka.common.message.ListOffsetsResponseData.ListOffsetsPartitionResponse;
import org.apache.kafka.common.message.ListOffsetsResponseData.ListOffsetsTopicResponse;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** ListOffsets: offsets by time, and the special ones from -1 to -6. */
final class ListOffsetsHandler implements ApiHandler {
    private static final long LATEST = -1;
    private static final long EARLIEST = -2;
    private static final long MAX_TIMESTAMP = -3;
    private static final long EARLIEST_LOCAL = -4;
    private static final long LATEST_TIERED = -5;
    private static final long EARLIEST_PENDING_UPLOAD = -6;

    private final Services services;

    ListOffsetsHandler(Services services) {
        this.services = services;
    }

    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiKeys.LIST_OFFSETS);
    }

    /** What is asked of one partition. */
    private record Query(
            ListOffsetsPartition asked, short version, FetchQuery.Bound bound, boolean repeated) {}

    @Override
    public void handle(Request request, ApiMessage body) {
        ListOffsetsRequestData asked = (ListOffsetsRequestData) body;
        if (asked.replicaId() >= 0 && !request.client().isNode()) {
            request.replyError(Errors.CLUSTER_AUTHORIZATION_FAILED, null);
            return;
        }
        request.releaseFrame();
        FetchQuery.Bound bound =
                asked.replicaId() >= 0
                        ? FetchQuery.Bound.LOG_END
                        : asked.isolationLevel() == 1
                                ? FetchQuery.Bound.READ_COMMITTED
                                : FetchQuery.Bound.READ_UNCOMMITTED;
        List<List<CompletableFuture<ListOffsetsPartitionResponse>>> byTopic = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (ListOffsetsTopic topic : asked.topics()) {
            List<CompletableFuture<ListOffsetsPartitionResponse>> ofTopic = new ArrayList<>();
            for (ListOffsetsPartition partition : topic.partitions()) {
                boolean repeated = !seen.add(topic.name() + "-" + partition.partitionIndex());
                Query query = new Query(partition, request.version(), bound, repeated);
                ofTopic.add(answer(topic.name(), query));
            }
            byTopic.add(ofTopic);
        }
        PartitionQuestions.whenAll(
                byTopic.stream().flatMap(List::stream).toList(),
                () -> request.reply(gather(asked, byTopic)));
    }

    private static ListOffsetsResponseData gather(
            ListOffsetsRequestData asked,
            List<List<CompletableFuture<ListOffsetsPartitionResponse>>> byTopic) {
        ListOffsetsResponseData response = new ListOffsetsResponseData();
        for (int i = 0; i < byTopic.size(); i++) {
            response.topics()
                    .add(
                            new ListOffsetsTopicResponse()
                                    .setName(asked.topics().get(i).name())
                                    .setPartitions(
                                            byTopic.get(i).stream()
                                                    .map(CompletableFuture::join)
                                                    .toList()));
        }
        return response;
    }

    private CompletableFuture<ListOffsetsPartitionResponse> answer(String topic, Query query) {
        ListOffsetsPartition asked = query.asked();
        if (query.repeated()) {
            return CompletableFuture.completedFuture(failed(asked, Errors.INVALID_REQUEST));
        }
        if (!isKnown(asked.timestamp(), query.version())) {
            return CompletableFuture.completedFuture(failed(asked, Errors.UNSUPPORTED_VERSION));
        }
        // Versions below 4 have no field for the epoch.
        return PartitionQuestions.ask(
                        services,
                        topic,
                        asked.partitionIndex(),
                        asked.currentLeaderEpoch(),
                        partition -> find(partition, query),
                        error -> failed(asked, error))
                .thenApply(found -> query.version() < 4 ? found.setLeaderEpoch(-1) : found);
    }

    private static boolean isKnown(long timestamp, short version) {
        if (timestamp >= EARLIEST) {
            return true;
        }
        return (timestamp == MAX_TIMESTAMP && version >= 7)
                || (timestamp == EARLIEST_LOCAL && version >= 8)
                || (timestamp == LATEST_TIERED && version >= 9)
                || (timestamp == EARLIEST_PENDING_UPLOAD && version >= 11);
    }

    private static CompletableFuture<ListOffsetsPartitionResponse> find(
            Partition partition, Query query) {
        PartitionLog log = partition.log();
        ListOffsetsPartition asked = query.asked();
        long timestamp = asked.timestamp();
        if (timestamp == LATEST) {
            return found(
                    asked,
                    partition.reader().visibleBound(query.bound()),
                    -1,
                    partition.leaderEpoch());
        }
        if (timestamp == EARLIEST || timestamp == EARLIEST_LOCAL) {
            long start = log.logStartOffset();
            return found(asked, start, -1, log.leaderEpochAt(start));
        }
        if (timestamp == LATEST_TIERED || timestamp == EARLIEST_PENDING_UPLOAD) {
            return found(asked, -1, -1, -1); // nothing is tiered
        }
        CompletableFuture<Optional<TimestampedOffset>> search =
                timestamp == MAX_TIMESTAMP
                        ? log.offsetOfMaxTimestamp()
                        : log.offsetForTimestamp(timestamp);
        return search.thenApplyAsync(
                hit -> answerOf(partition, query, hit.orElse(null)), partition.loop());
    }

    private static ListOffsetsPartitionResponse answerOf(
            Partition partition, Query query, @Nullable TimestampedOffset hit) {
        if (partition.checkLeader(-1) != Errors.NONE) {
            return failed(query.asked(), Errors.NOT_LEADER_OR_FOLLOWER);
        }
        if (hit == null || hit.offset() >= partition.reader().visibleBound(query.bound())) {
            return response(query.asked(), -1, -1, -1);
        }
        int leaderEpoch = partition.log().leaderEpochAt(hit.offset());
        return response(query.asked(), hit.offset(), hit.timestampMs(), leaderEpoch);
    }

    private static CompletableFuture<ListOffsetsPartitionResponse> found(
            ListOffsetsPartition asked, long offset, long timestampMs, int leaderEpoch) {
        return CompletableFuture.completedFuture(response(asked, offset, timestampMs, leaderEpoch));
    }

    private static ListOffsetsPartitionResponse response(
            ListOffsetsPartition asked, long offset, long timestampMs, int leaderEpoch) {
        return new ListOffsetsPartitionResponse()
                .setPartitionIndex(asked.partitionIndex())
                .setOffset(offset)
                .setTimestamp(timestampMs)
                .setLeaderEpoch(leaderEpoch);
    }

    private static ListOffsetsPartitionResponse failed(ListOffsetsPartition asked, Errors error) {
        return response(asked, -1, -1, -1).setErrorCode(error.code());
    }
}
