package io.headrace.coordinator.group.classic;

import org.jspecify.annotations.Nullable;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;

/**
 * Reads which topics a consumer's metadata names. Every version of the consumer protocol begins as
 * the first does:
 *
 * <pre>
 * int16  version
 * int32  number of topics
 *        int16 length, bytes of the name; for each
 * </pre>
 */
public final class ConsumerSubscriptions {
    /** The protocol type of consumers. */
    public static final String PROTOCOL_TYPE = "consumer";

    private static final int MIN_TOPIC_BYTES = 2;

    private ConsumerSubscriptions() {}

    /** The topics, or null when the bytes are no subscription. */
    static @Nullable Set<String> topicsOf(byte[] metadata) {
        ByteBuffer buffer = ByteBuffer.wrap(metadata);
        try {
            short version = buffer.getShort();
            int count = buffer.getInt();
            if (version < 0 || count < 0 || count > buffer.remaining() / MIN_TOPIC_BYTES) {
                return null;
            }
            Set<String> topics = new HashSet<>();
            for (int i = 0; i < count; i++) {
                int length = buffer.getShort();
                if (length < 0 || length > buffer.remaining()) {
                    return null;
                }
                byte[] name = new byte[length];
                buffer.get(name);
                topics.add(new String(name, StandardCharsets.UTF_8));
            }
            return topics;
        } catch (BufferUnderflowException e) {
            return null;
        }
    }
}
