package io.headrace.storage.handler.records;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Nodes;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;
import io.headrace.storage.share.AcknowledgementBatch;
import io.headrace.storage.share.ShareSessionKey;
import io.headrace.storage.share.SharedPartition;
import io.headrace.storage.sharefetch.ShareAnswer;
import io.headrace.storage.sharefetch.ShareCall;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ShareAcknowledgeRequestData;
import org.apache.kafka.common.message.ShareAcknowledgeResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** ShareAcknowledge: what became of the records that a member of a share group acquired. */
final class ShareAcknowledgeHandler implements ApiHandler {
    private final Services services;

    ShareAcknowledgeHandler(Services services) {
        this.services = services;
    }

    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiKeys.SHARE_ACKNOWLEDGE);
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        ShareAcknowledgeRequestData asked = (ShareAcknowledgeRequestData) body;
        ShareSessionKey member = ShareRequests.member(asked.groupId(), asked.memberId());
        if (member == null) {
            request.reply(
                    new ShareAcknowledgeResponseData()
                            .setErrorCode(Errors.INVALID_REQUEST.code())
                            .setErrorMessage("A group and a member are required"));
            return;
        }
        Map<SharedPartition, List<AcknowledgementBatch>> named = named(asked);
        request.releaseFrame();
        services.shares()
                .handle(
                        new ShareCall(
                                member,
                                asked.shareSessionEpoch(),
                                null,
                                asked.isRenewAck(),
                                named,
                                ShareRequests.caller(request.client()),
                                request.client().connection().loop(),
                                answer -> request.reply(response(request, answer))));
    }

    private static Map<SharedPartition, List<AcknowledgementBatch>> named(
            ShareAcknowledgeRequestData asked) {
        Map<SharedPartition, List<AcknowledgementBatch>> named = new LinkedHashMap<>();
        for (ShareAcknowledgeRequestData.AcknowledgeTopic topic : asked.topics()) {
            for (var partition : topic.partitions()) {
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

    private ShareAcknowledgeResponseData response(Request request, ShareAnswer answer) {
        Map<Uuid, ShareAcknowledgeResponseData.ShareAcknowledgeTopicResponse> topics =
                new LinkedHashMap<>();
        for (ShareAnswer.OfPartition partition : answer.partitions()) {
            topics.computeIfAbsent(
                            partition.partition().topicId(),
                            id ->
                                    new ShareAcknowledgeResponseData.ShareAcknowledgeTopicResponse()
                                            .setTopicId(id))
                    .partitions()
                    .add(partitionData(partition));
        }
        ShareAcknowledgeResponseData response =
                new ShareAcknowledgeResponseData()
                        .setErrorCode(answer.error().code())
                        .setErrorMessage(ShareRequests.messageOf(answer.error()))
                        .setAcquisitionLockTimeoutMs(answer.lockMs());
        topics.values().forEach(response.responses()::add);
        for (Nodes.Address leader : ShareRequests.leaders(services, request, answer)) {
            response.nodeEndpoints()
                    .add(
                            new ShareAcknowledgeResponseData.NodeEndpoint()
                                    .setNodeId(leader.nodeId())
                                    .setHost(leader.host())
                                    .setPort(leader.port())
                                    .setRack(leader.rack()));
        }
        return response;
    }

    private static ShareAcknowledgeResponseData.PartitionData partitionData(
            ShareAnswer.OfPartition partition) {
        Errors error =
                partition.acknowledgeError() == Errors.NONE
                        ? partition.error()
                        : partition.acknowledgeError();
        ShareAcknowledgeResponseData.PartitionData data =
                new ShareAcknowledgeResponseData.PartitionData()
                        .setPartitionIndex(partition.partition().partition())
                        .setErrorCode(error.code())
                        .setErrorMessage(ShareRequests.messageOf(error));
        data.currentLeader()
                .setLeaderId(partition.leaderId())
                .setLeaderEpoch(partition.leaderEpoch());
        return data;
    }
}
