package io.headrace.standalone.http;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;

/**
 * A record at its place, for comparison byte by byte.
 *
 * @param key in hexadecimal digits, null without
 * @param headers {@code name=digits} in their order
 */
record StoredRecord(
        String topic,
        int partition,
        long offset,
        long timestamp,
        @Nullable String key,
        @Nullable String value,
        List<String> headers) {

    /** What Kafka's producer was given and where it was told that it is. */
    static StoredRecord sent(ProducerRecord<byte[], byte[]> record, RecordMetadata place) {
        List<String> headers = new ArrayList<>();
        record.headers().forEach(h -> headers.add(h.key() + "=" + hex(h.value())));
        return new StoredRecord(
                place.topic(),
                place.partition(),
                place.offset(),
                place.timestamp(),
                hex(record.key()),
                hex(record.value()),
                headers);
    }

    /** What Kafka's consumer read. */
    static StoredRecord read(ConsumerRecord<byte[], byte[]> record) {
        List<String> headers = new ArrayList<>();
        record.headers().forEach(h -> headers.add(h.key() + "=" + hex(h.value())));
        return new StoredRecord(
                record.topic(),
                record.partition(),
                record.offset(),
                record.timestamp(),
                hex(record.key()),
                hex(record.value()),
                headers);
    }

    /** What the gateway read, in the representation {@code auto}, {@code json} or others. */
    static StoredRecord read(JsonNode record) {
        List<String> headers = new ArrayList<>();
        JsonNode written = record.path("headers");
        if (written.isArray()) {
            written.forEach(
                    h -> headers.add(h.get("name").asString() + "=" + hex(bytes(h.get("value")))));
        } else {
            written.properties()
                    .forEach(h -> headers.add(h.getKey() + "=" + hex(bytes(h.getValue()))));
        }
        return new StoredRecord(
                record.get("topic").asString(),
                record.get("partition").asInt(),
                record.get("offset").asLong(),
                record.get("timestamp").asLong(),
                hex(bytes(record.path("key"))),
                hex(bytes(record.path("value"))),
                headers);
    }

    /** The bytes that a value of the API stands for. */
    static byte @Nullable [] bytes(JsonNode written) {
        if (written.isNull() || written.isMissingNode()) {
            return null;
        }
        if (written.isString()) {
            return written.asString().getBytes(StandardCharsets.UTF_8);
        }
        if (written.isObject() && written.size() == 1) {
            if (written.has("base64")) {
                return Base64.getDecoder().decode(written.get("base64").asString());
            }
            if (written.has("text")) {
                return written.get("text").asString().getBytes(StandardCharsets.UTF_8);
            }
            if (written.has("json")) {
                return written.get("json").toString().getBytes(StandardCharsets.UTF_8);
            }
        }
        return written.toString().getBytes(StandardCharsets.UTF_8);
    }

    static @Nullable String hex(byte @Nullable [] bytes) {
        return bytes == null ? null : HexFormat.of().formatHex(bytes);
    }

    String place() {
        return topic + "-" + partition + "@" + offset;
    }
}
