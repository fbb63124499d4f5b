package io.headrace.storage.cluster;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.metadata.MetadataRecords;
import io.headrace.transport.channel.ClientChannel;

import org.apache.kafka.common.message.FetchSnapshotRequestData;
import org.apache.kafka.common.message.FetchSnapshotRequestData.PartitionSnapshot;
import org.apache.kafka.common.message.FetchSnapshotRequestData.SnapshotId;
import org.apache.kafka.common.message.FetchSnapshotRequestData.TopicSnapshot;
import org.apache.kafka.common.message.FetchSnapshotResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Fetches a snapshot of the metadata piece by piece (KIP-630). Of use once. */
final class SnapshotDownload {
    private static final ApiSchema API = ApiCatalog.get(ApiKeys.FETCH_SNAPSHOT);
    private static final short VERSION = 0;
    private static final int PIECE_BYTES = 8 << 20;
    private static final long MAX_SIZE_BYTES = 1L << 30;

    private final ClientChannel channel;
    private final long endOffset;
    private final int epoch;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    SnapshotDownload(ClientChannel channel, long endOffset, int epoch) {
        this.channel = channel;
        this.endOffset = endOffset;
        this.epoch = epoch;
    }

    CompletableFuture<ByteBuffer> run() {
        PartitionSnapshot partition =
                new PartitionSnapshot()
                        .setPartition(0)
                        .setCurrentLeaderEpoch(-1)
                        .setSnapshotId(new SnapshotId().setEndOffset(endOffset).setEpoch(epoch))
                        .setPosition(bytes.size());
        FetchSnapshotRequestData request =
                new FetchSnapshotRequestData()
                        .setMaxBytes(PIECE_BYTES)
                        .setTopics(
                                List.of(
                                        new TopicSnapshot()
                                                .setName(MetadataRecords.TOPIC)
                                                .setPartitions(List.of(partition))));
        return channel.call(API, VERSION, request, FetchSnapshotResponseData.class)
                .thenCompose(this::onPiece);
    }

    private CompletableFuture<ByteBuffer> onPiece(FetchSnapshotResponseData answer) {
        Errors error = Errors.forCode(answer.errorCode());
        if (error != Errors.NONE
                || answer.topics().isEmpty()
                || answer.topics().getFirst().partitions().isEmpty()) {
            return failed("answered " + error);
        }
        var piece = answer.topics().getFirst().partitions().getFirst();
        ByteBuffer records = RecordsField.bytes(piece.unalignedRecords());
        if (piece.errorCode() != Errors.NONE.code() || records == null) {
            return failed("answered " + Errors.forCode(piece.errorCode()));
        }
        if (piece.position() != bytes.size() || piece.size() > MAX_SIZE_BYTES) {
            return failed("answered position " + piece.position() + " of " + piece.size());
        }
        byte[] copy = new byte[records.remaining()];
        records.get(copy);
        bytes.writeBytes(copy);
        if (bytes.size() >= piece.size()) {
            return CompletableFuture.completedFuture(ByteBuffer.wrap(bytes.toByteArray()));
        }
        return copy.length == 0 ? failed("answered nothing") : run();
    }

    private static CompletableFuture<ByteBuffer> failed(String why) {
        return CompletableFuture.failedFuture(new IOException("FetchSnapshot " + why));
    }
}
