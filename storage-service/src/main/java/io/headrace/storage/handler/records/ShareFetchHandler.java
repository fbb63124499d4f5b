package io.headrace.storage.handler.records;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Nodes;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;
import io.headrace.storage.share.AcknowledgementBatch;
import io.headrace.storage.share.AcquiredRange;
import io.headrace.storage.share.ShareSessionKey;
import io.headrace.storage.share.SharedPartition;
import io.headrace.storage.sharefetch.ShareAnswer;
import io.headrace.storage.sharefetch.ShareCall;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ShareFetchRequestData;
import org.apache.kafka.common.message.ShareFetchResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** ShareFetch: records for the members of share groups, and what became of earlier ones. */
final class ShareFetchHandler implements ApiHandler {
    private static final byte RECORD_LIMIT = 1;

    private final Services services;

    ShareFetchHandler(Services services) {
        this.services = services;
    }

    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiKeys.SHARE_FETCH);
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        ShareFetchRequestData asked = (ShareFetchRequestData) body;
        ShareSessionKey member = ShareRequests.member(asked.groupId(), asked.memberId());
        String problem = member == null ? "A group and a member are required" : problem(asked);
        if (member == null || problem != null) {
            request.reply(
                    new ShareFetchResponseData()
                            .setErrorCode(Errors.INVALID_REQUEST.code())
                            .setErrorMessage(problem));
            return;
        }
        Map<SharedPartition, List<AcknowledgementBatch>> named = named(asked);
        ShareCall.Fetching fetching =
                new ShareCall.Fetching(
                        asked.maxWaitMs(),
                        asked.minBytes(),
                        asked.maxBytes(),
                        asked.maxRecords(),
                        asked.batchSize(),
                        asked.shareAcquireMode() == RECORD_LIMIT,
                        forgotten(asked));
        request.releaseFrame();
        services.shares()
                .handle(
                        new ShareCall(
                                member,
                                asked.shareSessionEpoch(),
                                fetching,
                                asked.isRenewAck(),
                                named,
                                ShareRequests.caller(request.client()),
                                request.client().connection().loop(),
                                answer -> request.reply(response(request, answer))));
    }

    private static @Nullable String problem(ShareFetchRequestData asked) {
        if (asked.shareAcquireMode() != 0 && asked.shareAcquireMode() != RECORD_LIMIT) {
            return "Unknown acquire mode " + asked.shareAcquireMode();
        }
        if (asked.isRenewAck()
                && (asked.maxBytes() > 0
                        || asked.minBytes() > 0
                        || asked.maxRecords() > 0
                        || asked.maxWaitMs() > 0)) {
            return "A request that renews fetches nothing: all its limits must be 0";
        }
        return null;
    }

    private static Map<SharedPartition, List<AcknowledgementBatch>> named(
            ShareFetchRequestData asked) {
        Map<SharedPartition, List<AcknowledgementBatch>> named = new LinkedHashMap<>();
        for (ShareFetchRequestData.FetchTopic topic : asked.topics()) {
            for (ShareFetchRequestData.FetchPartition partition : topic.partitions()) {
                List<AcknowledgementBatch> batches = new ArrayList<>();
                for (var batch : partition.acknowledgementBatches()) {
                    batches.add(
                            new AcknowledgementBatch(
                                    batch.firstOffset(),
                                    batch.lastOffset(),
                                    batch.acknowledgeTypes()));
                }
                ShareRequests.add(
                        named,
                        new SharedPartition(topic.topicId(), partition.partitionIndex()),
                        batches);
            }
        }
        return named;
    }

    private static List<SharedPartition> forgotten(ShareFetchRequestData asked) {
        List<SharedPartition> forgotten = new ArrayList<>();
        for (ShareFetchRequestData.ForgottenTopic topic : asked.forgottenTopicsData()) {
            for (int partition : topic.partitions()) {
                forgotten.add(new SharedPartition(topic.topicId(), partition));
            }
        }
        return forgotten;
    }

    private ShareFetchResponseData response(Request request, ShareAnswer answer) {
        Map<Uuid, ShareFetchResponseData.ShareFetchableTopicResponse> topics =
                new LinkedHashMap<>();
        for (ShareAnswer.OfPartition partition : answer.partitions()) {
            topics.computeIfAbsent(
                            partition.partition().topicId(),
                            id ->
                                    new ShareFetchResponseData.ShareFetchableTopicResponse()
                                            .setTopicId(id))
                    .partitions()
                    .add(partitionData(partition));
        }
        ShareFetchResponseData response =
                new ShareFetchResponseData()
                        .setErrorCode(answer.error().code())
                        .setErrorMessage(ShareRequests.messageOf(answer.error()))
                        .setAcquisitionLockTimeoutMs(answer.lockMs());
        topics.values().forEach(response.responses()::add);
        for (Nodes.Address leader : ShareRequests.leaders(services, request, answer)) {
            response.nodeEndpoints()
                    .add(
                            new ShareFetchResponseData.NodeEndpoint()
                                    .setNodeId(leader.nodeId())
                                    .setHost(leader.host())
                                    .setPort(leader.port())
                                    .setRack(leader.rack()));
        }
        return response;
    }

    private static ShareFetchResponseData.PartitionData partitionData(
            ShareAnswer.OfPartition partition) {
        List<ShareFetchResponseData.AcquiredRecords> acquired =
                new ArrayList<>(partition.acquired().size());
        for (AcquiredRange range : partition.acquired()) {
            acquired.add(
                    new ShareFetchResponseData.AcquiredRecords()
                            .setFirstOffset(range.firstOffset())
                            .setLastOffset(range.lastOffset())
                            .setDeliveryCount((short) Math.min(range.deliveryCount(), 32_767)));
        }
        ShareFetchResponseData.PartitionData data =
                new ShareFetchResponseData.PartitionData()
                        .setPartitionIndex(partition.partition().partition())
                        .setErrorCode(partition.error().code())
                        .setErrorMessage(ShareRequests.messageOf(partition.error()))
                        .setAcknowledgeErrorCode(partition.acknowledgeError().code())
                        .setAcknowledgeErrorMessage(
                                ShareRequests.messageOf(partition.acknowledgeError()))
                        .setRecords(partition.records())
                        .setAcquiredRecords(acquired);
        data.currentLeader()
                .setLeaderId(partition.leaderId())
                .setLeaderEpoch(partition.leaderEpoch());
        return data;
    }
}
