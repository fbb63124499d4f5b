package io.headrace.coordinator.share;

import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.coordinator.share.record.SnapshotKey;
import io.headrace.coordinator.share.record.SnapshotValue;
import io.headrace.coordinator.share.record.SnapshotValue.SnapshotBatch;
import io.headrace.coordinator.share.record.UpdateKey;
import io.headrace.coordinator.share.record.UpdateValue;
import io.headrace.coordinator.share.record.UpdateValue.UpdateBatch;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.ResponseReader;

import org.apache.kafka.common.protocol.Message;

import java.nio.ByteBuffer;
import java.util.List;

/** States of share partitions as records, in Kafka's format but for the slot of an update. */
final class ShareRecords {
    static final short SNAPSHOT = 0;
    static final short UPDATE = 1;

    private static final short VERSION = 0;

    private ShareRecords() {}

    /** The record of the whole state. */
    static ShardRecord snapshot(SharePartition partition, ShareState state, long nowMs) {
        SnapshotValue value =
                new SnapshotValue()
                        .setSnapshotEpoch(state.snapshotEpoch())
                        .setStateEpoch(state.stateEpoch())
                        .setLeaderEpoch(state.leaderEpoch())
                        .setStartOffset(state.startOffset())
                        .setDeliveryCompleteCount(state.deliveryCompleteCount())
                        .setCreateTimestamp(state.createdMs())
                        .setWriteTimestamp(nowMs);
        for (StateBatch batch : state.batches().all()) {
            value.stateBatches()
                    .add(
                            new SnapshotBatch()
                                    .setFirstOffset(batch.firstOffset())
                                    .setLastOffset(batch.lastOffset())
                                    .setDeliveryState(batch.deliveryState())
                                    .setDeliveryCount(batch.deliveryCount()));
        }
        return new ShardRecord(snapshotKey(partition), prefixed(VERSION, value));
    }

    /** The record of a change since the snapshot. */
    static ShardRecord update(
            SharePartition partition,
            ShareState state,
            int slot,
            long startOffset,
            List<StateBatch> batches) {
        UpdateValue value =
                new UpdateValue()
                        .setSnapshotEpoch(state.snapshotEpoch())
                        .setLeaderEpoch(state.leaderEpoch())
                        .setStartOffset(startOffset)
                        .setDeliveryCompleteCount(state.deliveryCompleteCount());
        for (StateBatch batch : batches) {
            value.stateBatches()
                    .add(
                            new UpdateBatch()
                                    .setFirstOffset(batch.firstOffset())
                                    .setLastOffset(batch.lastOffset())
                                    .setDeliveryState(batch.deliveryState())
                                    .setDeliveryCount(batch.deliveryCount()));
        }
        return new ShardRecord(updateKey(partition, slot), prefixed(VERSION, value));
    }

    /** The record that deletes a state. */
    static ShardRecord deletedSnapshot(SharePartition partition) {
        return new ShardRecord(snapshotKey(partition), null);
    }

    /** The record that deletes what a slot holds. */
    static ShardRecord deletedUpdate(SharePartition partition, int slot) {
        return new ShardRecord(updateKey(partition, slot), null);
    }

    static SharePartition readSnapshotKey(ByteBuffer key) throws MalformedFrameException {
        SnapshotKey read = ResponseReader.readInto(new SnapshotKey(), VERSION, behindPrefix(key));
        return new SharePartition(read.groupId(), read.topicId(), read.partition());
    }

    static UpdateKey readUpdateKey(ByteBuffer key) throws MalformedFrameException {
        return ResponseReader.readInto(new UpdateKey(), VERSION, behindPrefix(key));
    }

    /**
     * @param slotCount how many slots of updates were seen before
     */
    static ShareState readSnapshot(ByteBuffer bytes, int slotCount) throws MalformedFrameException {
        SnapshotValue value =
                ResponseReader.readInto(new SnapshotValue(), version(bytes), behindPrefix(bytes));
        ShareState state =
                new ShareState(
                        value.snapshotEpoch(),
                        value.stateEpoch(),
                        value.leaderEpoch(),
                        value.startOffset(),
                        value.deliveryCompleteCount(),
                        value.createTimestamp(),
                        slotCount);
        for (SnapshotBatch batch : value.stateBatches()) {
            state.batches()
                    .put(
                            new StateBatch(
                                    batch.firstOffset(),
                                    batch.lastOffset(),
                                    batch.deliveryState(),
                                    batch.deliveryCount()));
        }
        return state;
    }

    static UpdateValue readUpdate(ByteBuffer bytes) throws MalformedFrameException {
        return ResponseReader.readInto(new UpdateValue(), version(bytes), behindPrefix(bytes));
    }

    static List<StateBatch> batches(UpdateValue value) {
        return value.stateBatches().stream()
                .map(
                        batch ->
                                new StateBatch(
                                        batch.firstOffset(),
                                        batch.lastOffset(),
                                        batch.deliveryState(),
                                        batch.deliveryCount()))
                .toList();
    }

    private static ByteBuffer snapshotKey(SharePartition partition) {
        return prefixed(
                SNAPSHOT,
                new SnapshotKey()
                        .setGroupId(partition.groupId())
                        .setTopicId(partition.topicId())
                        .setPartition(partition.partition()));
    }

    private static ByteBuffer updateKey(SharePartition partition, int slot) {
        return prefixed(
                UPDATE,
                new UpdateKey()
                        .setGroupId(partition.groupId())
                        .setTopicId(partition.topicId())
                        .setPartition(partition.partition())
                        .setSlot(slot));
    }

    private static short version(ByteBuffer bytes) throws MalformedFrameException {
        if (bytes.remaining() < Short.BYTES) {
            throw new MalformedFrameException("A share partition's record without a version");
        }
        return bytes.getShort(bytes.position());
    }

    private static ByteBuffer behindPrefix(ByteBuffer bytes) {
        return bytes.slice(bytes.position() + Short.BYTES, bytes.remaining() - Short.BYTES);
    }

    private static ByteBuffer prefixed(short prefix, Message message) {
        ByteBuffer bytes = MessageWriter.bytes(message, VERSION);
        return ByteBuffer.allocate(Short.BYTES + bytes.remaining())
                .putShort(prefix)
                .put(bytes)
                .flip();
    }
}
