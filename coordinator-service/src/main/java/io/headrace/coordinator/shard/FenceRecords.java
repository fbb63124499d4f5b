package io.headrace.coordinator.shard;

import io.headrace.coordinator.shard.record.FenceValue;
import io.headrace.protocol.codec.MessageWriter;

import java.nio.ByteBuffer;

/**
 * The record that an owner appends first in its epoch.
 *
 * <pre>
 * key    2 bytes  the record type, {@link #TYPE}: far above Kafka's, whose tools skip it
 * value  2 bytes  its version
 *        bytes    FenceValue
 * </pre>
 */
final class FenceRecords {
    static final short TYPE = 32000;

    private FenceRecords() {}

    static ShardRecord of(int shardEpoch, int ownerId) {
        FenceValue value = new FenceValue().setShardEpoch(shardEpoch).setOwnerId(ownerId);
        short version = value.highestSupportedVersion();
        ByteBuffer key = ByteBuffer.allocate(2).putShort(TYPE).flip();
        return new ShardRecord(key, prefixed(version, MessageWriter.bytes(value, version)));
    }

    static boolean isFence(ByteBuffer key) {
        return key.remaining() == 2 && key.getShort(key.position()) == TYPE;
    }

    private static ByteBuffer prefixed(short prefix, ByteBuffer bytes) {
        return ByteBuffer.allocate(2 + bytes.remaining()).putShort(prefix).put(bytes).flip();
    }
}
