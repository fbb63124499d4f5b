package io.headrace.client.produce;

import io.headrace.protocol.batch.RecordHeader;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A record to send. The arrays are not copied: do not change them before the outcome.
 *
 * <pre>{@code
 * ProducerRecord record = ProducerRecord.ofText("orders", "customer-7", "{\"total\": 12}")
 *         .withHeader("trace", "4bf92f".getBytes(UTF_8));
 * }</pre>
 *
 * @param partition the partition, {@link #ANY_PARTITION} to let the partitioner choose
 * @param timestampMs the time in ms since the epoch, {@link #NOW} for the time of sending
 * @param key what decides the partition, and which records replace each other in a compacted topic
 * @param value the content; null is a tombstone in a compacted topic
 */
@SuppressWarnings("ArrayRecordComponent") // A copy of each key and value would cost too much.
public record ProducerRecord(
        String topic,
        int partition,
        long timestampMs,
        byte @Nullable [] key,
        byte @Nullable [] value,
        List<RecordHeader> headers) {
    /** The partitioner chooses. */
    public static final int ANY_PARTITION = -1;

    /** The time of sending. */
    public static final long NOW = -1;

    public ProducerRecord {
        Objects.requireNonNull(topic, "topic");
        if (topic.isEmpty()) {
            throw new IllegalArgumentException("The record names no topic");
        }
        if (partition < ANY_PARTITION) {
            throw new IllegalArgumentException("Partition " + partition + " is below zero");
        }
        if (timestampMs < NOW) {
            throw new IllegalArgumentException("Timestamp " + timestampMs + " is below zero");
        }
        headers = List.copyOf(headers);
    }

    /** A record without a key. */
    public static ProducerRecord of(String topic, byte @Nullable [] value) {
        return new ProducerRecord(topic, ANY_PARTITION, NOW, null, value, List.of());
    }

    /** A record with a key. */
    public static ProducerRecord of(String topic, byte @Nullable [] key, byte @Nullable [] value) {
        return new ProducerRecord(topic, ANY_PARTITION, NOW, key, value, List.of());
    }

    /** A record of text, without a key. */
    public static ProducerRecord ofText(String topic, @Nullable String value) {
        return of(topic, utf8(value));
    }

    /** A record of text. */
    public static ProducerRecord ofText(
            String topic, @Nullable String key, @Nullable String value) {
        return of(topic, utf8(key), utf8(value));
    }

    /** The same record, for that partition. */
    public ProducerRecord withPartition(int partition) {
        return new ProducerRecord(topic, partition, timestampMs, key, value, headers);
    }

    /** The same record, of that time in ms since the epoch. */
    public ProducerRecord withTimestampMs(long timestampMs) {
        return new ProducerRecord(topic, partition, timestampMs, key, value, headers);
    }

    /** The same record with one more header. */
    @SuppressWarnings(
            "NullAway") // It misreads the nullable array of a compiled record's component.
    public ProducerRecord withHeader(String name, byte @Nullable [] headerValue) {
        List<RecordHeader> more = new ArrayList<>(headers);
        more.add(new RecordHeader(name, headerValue));
        return new ProducerRecord(topic, partition, timestampMs, key, value, more);
    }

    private static byte @Nullable [] utf8(@Nullable String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }
}
