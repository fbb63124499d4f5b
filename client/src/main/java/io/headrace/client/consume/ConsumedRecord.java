package io.headrace.client.consume;

import io.headrace.protocol.batch.RecordHeader;
import io.headrace.protocol.batch.TimestampType;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A record that was read. Key and value are read-only views of the answer's memory, which they keep
 * alive: copy what is kept for long.
 *
 * @param leaderEpoch the leader epoch in which it was written; -1 when unknown
 * @param timestampMs ms since the epoch; -1 when it has none
 */
public record ConsumedRecord(
        TopicPartition topicPartition,
        long offset,
        int leaderEpoch,
        long timestampMs,
        TimestampType timestampType,
        @Nullable ByteBuffer key,
        @Nullable ByteBuffer value,
        List<RecordHeader> headers) {
    public String topic() {
        return topicPartition.topic();
    }

    public int partition() {
        return topicPartition.partition();
    }

    /** A copy of the key, or null. */
    public byte @Nullable [] keyBytes() {
        return copy(key);
    }

    /** A copy of the value, or null. */
    public byte @Nullable [] valueBytes() {
        return copy(value);
    }

    /** The key as UTF-8 text, or null. */
    public @Nullable String keyText() {
        return text(key);
    }

    /** The value as UTF-8 text, or null. */
    public @Nullable String valueText() {
        return text(value);
    }

    private static byte @Nullable [] copy(@Nullable ByteBuffer bytes) {
        if (bytes == null) {
            return null;
        }
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(bytes.position(), copy);
        return copy;
    }

    private static @Nullable String text(@Nullable ByteBuffer bytes) {
        return bytes == null ? null : StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }
}
