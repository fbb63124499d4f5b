package io.headrace.protocol.codec;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/**
 * Private fields of Kafka's own messages: tagged, with numbers from {@link #FIRST} on, which others
 * skip (KIP-482).
 */
public final class TaggedFields {
    /** The first number of a private field. */
    public static final int FIRST = 10_000;

    /** The id of the topic that a question about a transaction, or a marker, names. */
    public static final int TOPIC_ID = FIRST + 1;

    private static final int UUID_BYTES = 16;

    private TaggedFields() {}

    /** Adds an id; the message must be written in a flexible version. */
    public static void putUuid(Message message, int tag, Uuid value) {
        byte[] bytes = new byte[UUID_BYTES];
        ByteBuffer.wrap(bytes)
                .putLong(value.getMostSignificantBits())
                .putLong(value.getLeastSignificantBits());
        put(message, tag, bytes);
    }

    /** The id, or the zero id when there is none. */
    public static Uuid uuid(Message message, int tag) {
        ByteBuffer bytes = find(message, tag, UUID_BYTES);
        return bytes == null ? Uuid.ZERO_UUID : new Uuid(bytes.getLong(), bytes.getLong());
    }

    /** Adds a number of four bytes. */
    public static void putInt(Message message, int tag, int value) {
        byte[] bytes = new byte[Integer.BYTES];
        ByteBuffer.wrap(bytes).putInt(value);
        put(message, tag, bytes);
    }

    /** The number, or another when there is none. */
    public static int intOr(Message message, int tag, int otherwise) {
        ByteBuffer bytes = find(message, tag, Integer.BYTES);
        return bytes == null ? otherwise : bytes.getInt();
    }

    private static void put(Message message, int tag, byte[] bytes) {
        message.unknownTaggedFields().add(new RawTaggedField(tag, bytes));
    }

    private static @Nullable ByteBuffer find(Message message, int tag, int length) {
        for (RawTaggedField field : message.unknownTaggedFields()) {
            if (field.tag() == tag && field.data().length == length) {
                return ByteBuffer.wrap(field.data());
            }
        }
        return null;
    }
}
