package io.headrace.storage.handler.node;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.message.ReportMetadataRequestData;
import io.headrace.protocol.message.ReportMetadataResponseData;
import io.headrace.protocol.message.ReportMetadataResponseData.ReportedLog;
import io.headrace.protocol.message.ReportMetadataResponseData.ReportedTopic;
import io.headrace.protocol.metadata.MetadataBatches;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.PartitionQuestions;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;
import io.headrace.storage.log.PartitionLog;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/**
 * ReportMetadata: what this node has applied of the metadata log, and which logs it has, for the
 * recovery of a database that has lost committed changes. One snapshot is kept between pieces.
 */
final class ReportMetadataHandler implements ApiHandler {
    private static final int MAX_PIECE_BYTES = 8 << 20;

    private final Services services;
    private final AtomicReference<@Nullable Snapshot> latest = new AtomicReference<>();

    private record Snapshot(long endOffset, Uuid takeOverId, ByteBuffer bytes) {
        static Snapshot of(MetadataImage image) {
            return new Snapshot(
                    image.nextOffset(), image.takeOverId(), MetadataBatches.snapshot(image));
        }
    }

    /** One log of this node. */
    private record Log(TopicIdPartition id, ReportedLog report) {
        static Log of(PartitionLog log) {
            return new Log(
                    log.id(),
                    new ReportedLog()
                            .setPartitionId(log.id().partition())
                            .setLeaderEpoch(log.latestLeaderEpoch())
                            .setStartOffset(log.logStartOffset())
                            .setEndOffset(log.logEndOffset()));
        }
    }

    ReportMetadataHandler(Services services) {
        this.services = services;
    }

    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiCatalog.REPORT_METADATA);
    }

    @Override
    public boolean nodesOnly() {
        return true;
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        ReportMetadataRequestData asked = (ReportMetadataRequestData) body;
        request.releaseFrame();
        List<CompletableFuture<Log>> logs = asked.position() == 0 ? logs() : List.of();
        PartitionQuestions.whenAll(
                logs,
                () ->
                        request.replyFrom(
                                services.io(),
                                () ->
                                        answer(
                                                asked,
                                                logs.stream()
                                                        .map(CompletableFuture::join)
                                                        .toList())));
    }

    /** Every log, each asked on its own loop. */
    private List<CompletableFuture<Log>> logs() {
        List<CompletableFuture<Log>> asked = new ArrayList<>();
        for (PartitionLog log : services.logs().logs()) {
            asked.add(CompletableFuture.supplyAsync(() -> Log.of(log), log.loop()));
        }
        return asked;
    }

    private ReportMetadataResponseData answer(ReportMetadataRequestData asked, List<Log> logs) {
        Snapshot snapshot = asked.endOffset() < 0 ? newest() : latest.get();
        if (snapshot == null
                || (asked.endOffset() >= 0 && asked.endOffset() != snapshot.endOffset())) {
            return failed(Errors.SNAPSHOT_NOT_FOUND);
        }
        int size = snapshot.bytes().remaining();
        if (asked.position() < 0 || asked.position() > size) {
            return failed(Errors.POSITION_OUT_OF_RANGE);
        }
        int position = (int) asked.position();
        int length = Math.min(size - position, Math.clamp(asked.maxBytes(), 1, MAX_PIECE_BYTES));
        byte[] piece = new byte[length];
        snapshot.bytes().get(snapshot.bytes().position() + position, piece);
        long nodeEpoch = services.cluster().nodeEpoch();
        NodeImage self = services.image().nodes().get(services.nodeId());
        return failed(Errors.NONE)
                .setNodeEpoch(nodeEpoch)
                .setIncarnationId(self == null ? Uuid.ZERO_UUID : self.incarnationId())
                .setRegressed(services.cluster().isRegressed())
                .setEndOffset(snapshot.endOffset())
                .setSize(size)
                .setPosition(position)
                .setPiece(piece)
                .setTopics(byTopic(logs));
    }

    private ReportMetadataResponseData failed(Errors error) {
        return new ReportMetadataResponseData()
                .setErrorCode(error.code())
                .setNodeId(services.nodeId());
    }

    private Snapshot newest() {
        MetadataImage image = services.image();
        Snapshot known = latest.get();
        if (known != null
                && known.endOffset() == image.nextOffset()
                && known.takeOverId().equals(image.takeOverId())) {
            return known;
        }
        Snapshot made = Snapshot.of(image);
        latest.set(made);
        return made;
    }

    private static List<ReportedTopic> byTopic(List<Log> logs) {
        Map<Uuid, ReportedTopic> topics = new HashMap<>();
        for (Log log : logs) {
            topics.computeIfAbsent(
                            log.id().topicId(),
                            id -> new ReportedTopic().setTopicId(id).setName(log.id().topic()))
                    .logs()
                    .add(log.report());
        }
        return new ArrayList<>(topics.values());
    }
}
