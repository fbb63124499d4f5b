package io.headrace.protocol.codec;

import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Tagged fields of our own in Kafka's messages and their structs: numbers under tags from 10000,
 * which no other implementation knows and which every one skips (KIP-482).
 */
public final class PrivateFields {
    /** In a replica's FetchPartition: everything below is on its device (int64). */
    public static final int FLUSHED_OFFSET = 10_000;

    /**
     * In a FetchResponse's PartitionData and the replica's next FetchPartition: the newest check of
     * the leader that is told and heard (int32).
     */
    public static final int LEADER_CHECK = 10_001;

    /**
     * In a replica's FetchRequest: other than 0 once the node is about to stop. It counts while it
     * is in sync, and is not to enter an in-sync set again (int32).
     */
    public static final int LEAVING = 10_002;

    private PrivateFields() {}

    /** The number under the tag, or {@code absent} when the field is missing or no int64. */
    public static long getLong(Message message, int tag, long absent) {
        ByteBuffer data = find(message, tag, Long.BYTES);
        return data == null ? absent : data.getLong(data.position());
    }

    /** The number under the tag, or {@code absent} when the field is missing or no int32. */
    public static int getInt(Message message, int tag, int absent) {
        ByteBuffer data = find(message, tag, Integer.BYTES);
        return data == null ? absent : data.getInt(data.position());
    }

    /** Adds an int64; tags must be added in ascending order, each once. */
    public static void addLong(Message message, int tag, long value) {
        add(message, new RawTaggedField(tag, ByteBuffer.allocate(8).putLong(value).array()));
    }

    /** Adds an int32; tags must be added in ascending order, each once. */
    public static void addInt(Message message, int tag, int value) {
        add(message, new RawTaggedField(tag, ByteBuffer.allocate(4).putInt(value).array()));
    }

    private static void add(Message message, RawTaggedField field) {
        message.unknownTaggedFields().add(field);
    }

    private static @Nullable ByteBuffer find(Message message, int tag, int sizeInBytes) {
        List<RawTaggedField> fields = message.unknownTaggedFields();
        for (int i = 0; i < fields.size(); i++) {
            RawTaggedField field = fields.get(i);
            if (field.tag() == tag && field.size() == sizeInBytes) {
                return ByteBuffer.wrap(field.data());
            }
        }
        return null;
    }
}
