package io.headrace.coordinator.handler;

import io.headrace.coordinator.metadata.Controller;
import io.headrace.coordinator.metadata.MetadataSnapshot;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.metadata.MetadataRecords;

import org.apache.kafka.common.message.FetchSnapshotRequestData;
import org.apache.kafka.common.message.FetchSnapshotResponseData;
import org.apache.kafka.common.message.FetchSnapshotResponseData.PartitionSnapshot;
import org.apache.kafka.common.message.FetchSnapshotResponseData.TopicSnapshot;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.nio.ByteBuffer;
import java.util.List;

/** FetchSnapshot: pieces of a metadata snapshot (KIP-630). */
final class FetchSnapshotHandler implements NodeHandler {
    private static final int MAX_BYTES = 8 << 20;

    private final Controller controller;

    FetchSnapshotHandler(Controller controller) {
        this.controller = controller;
    }

    @Override
    public short apiKey() {
        return ApiKeys.FETCH_SNAPSHOT.id;
    }

    @Override
    public short maxVersion() {
        return 1;
    }

    @Override
    public void handle(NodeRequest request) {
        FetchSnapshotRequestData body = request.body(FetchSnapshotRequestData.class);
        if (body.topics().size() != 1
                || !body.topics().getFirst().name().equals(MetadataRecords.TOPIC)
                || body.topics().getFirst().partitions().size() != 1) {
            request.reply(
                    new FetchSnapshotResponseData()
                            .setErrorCode(Errors.UNKNOWN_TOPIC_OR_PARTITION.code()));
            return;
        }
        var wanted = body.topics().getFirst().partitions().getFirst();
        MetadataSnapshot snapshot =
                controller
                        .metadataLog()
                        .snapshot(wanted.snapshotId().endOffset(), wanted.snapshotId().epoch());
        PartitionSnapshot answer = new PartitionSnapshot().setIndex(wanted.partition());
        answer.snapshotId()
                .setEndOffset(wanted.snapshotId().endOffset())
                .setEpoch(wanted.snapshotId().epoch());
        if (snapshot == null) {
            answer.setErrorCode(Errors.SNAPSHOT_NOT_FOUND.code())
                    .setUnalignedRecords(RecordsField.empty());
        } else if (wanted.position() < 0 || wanted.position() >= snapshot.bytes().remaining()) {
            answer.setErrorCode(Errors.POSITION_OUT_OF_RANGE.code())
                    .setUnalignedRecords(RecordsField.empty());
        } else {
            int position = (int) wanted.position();
            int size = snapshot.bytes().remaining();
            int length = Math.min(size - position, Math.clamp(body.maxBytes(), 1, MAX_BYTES));
            ByteBuffer piece = snapshot.bytes().slice(position, length);
            answer.setSize(size).setPosition(position).setUnalignedRecords(RecordsField.of(piece));
        }
        request.reply(
                new FetchSnapshotResponseData()
                        .setTopics(
                                List.of(
                                        new TopicSnapshot()
                                                .setName(MetadataRecords.TOPIC)
                                                .setPartitions(List.of(answer)))));
    }
}
