package io.headrace.standalone.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Future;

/**
 * Records as meters send them: JSON, text, binary and none at all as value, keys and headers of all
 * kinds, in batches of every codec; the same in every run.
 */
final class MeterReadings {
    private static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");
    private static final long FIRST_TIMESTAMP = 1_760_000_000_000L;

    private final String topic;
    private final int partitions;
    private final Random random = new Random(7);

    MeterReadings(String topic, int partitions) {
        this.topic = topic;
        this.partitions = partitions;
    }

    /** Produces with Kafka's Java producer, a part with each codec. */
    List<StoredRecord> produceWithKafka(String address, int count) throws Exception {
        List<StoredRecord> stored = new ArrayList<>();
        for (String codec : CODECS) {
            Map<String, Object> configs =
                    Map.of(
                            "bootstrap.servers",
                            address,
                            "compression.type",
                            codec,
                            "linger.ms",
                            20);
            List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
            List<Future<RecordMetadata>> places = new ArrayList<>();
            try (var producer =
                    new KafkaProducer<>(
                            configs, new ByteArraySerializer(), new ByteArraySerializer())) {
                for (int i = 0; i < count / CODECS.size(); i++) {
                    ProducerRecord<byte[], byte[]> record = record(i);
                    records.add(record);
                    places.add(producer.send(record));
                }
            }
            for (int i = 0; i < records.size(); i++) {
                stored.add(StoredRecord.sent(records.get(i), places.get(i).get()));
            }
        }
        return stored;
    }

    private ProducerRecord<byte[], byte[]> record(int i) {
        byte[] key = i % 3 == 0 ? null : utf8(i % 3 == 1 ? "meter-" + i : "Zähler ü " + i);
        RecordHeaders headers = new RecordHeaders();
        if (i % 4 != 0) {
            headers.add(new RecordHeader("trace", utf8("t" + i)));
        }
        if (i % 4 > 1) {
            headers.add(new RecordHeader("raw", noise(5)));
            headers.add(new RecordHeader("none", (byte[]) null));
        }
        if (i % 4 > 2) {
            headers.add(new RecordHeader("trace", utf8("again")));
        }
        return new ProducerRecord<>(
                topic, i % partitions, FIRST_TIMESTAMP + i, key, value(i), headers);
    }

    private byte @Nullable [] value(int i) {
        return switch (i % 7) {
            case 0 -> null;
            case 1 -> noise(random.nextInt(400));
            case 2 -> utf8("plain text, \"quoted\"\n\\ and a 🚰 " + i);
            case 3 -> utf8("[1,2,{\"three\":" + i + "}]");
            case 4 -> utf8("{\"base64\":\"looks like an envelope\"}");
            case 5 -> new byte[0];
            default -> utf8(json(i));
        };
    }

    private static String json(int i) {
        return "{\"meter\":\"m-%d\",\"kWh\":%d,\"ok\":true,\"note\":\"Wärme\"}".formatted(i, i * 3);
    }

    private byte[] noise(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Produces over HTTP: many at once, one by one, as NDJSON, raw, and as base64. */
    List<StoredRecord> produceOverHttp(HttpCalls http, int count) throws Exception {
        List<StoredRecord> stored = new ArrayList<>();
        String path = "/api/v1/topics/" + topic + "/records";
        while (stored.size() < count) {
            stored.addAll(many(http, path));
            stored.addAll(lines(http, path));
            stored.add(single(http, path, stored.size()));
            stored.add(raw(http, path, stored.size()));
        }
        return stored;
    }

    private List<StoredRecord> many(HttpCalls http, String path) throws Exception {
        ObjectNode body = HttpCalls.JSON.createObjectNode();
        ArrayNode records = body.putArray("records");
        for (int i = 0; i < 60; i++) {
            records.add(written(i));
        }
        JsonNode answer = http.post(path, body.toString()).ok().json();
        return allPlaced(records, answer.get("records"));
    }

    private List<StoredRecord> lines(HttpCalls http, String path) throws Exception {
        ArrayNode records = HttpCalls.JSON.createArrayNode();
        StringBuilder body = new StringBuilder();
        for (int i = 60; i < 100; i++) {
            JsonNode record = written(i);
            records.add(record);
            body.append(record).append('\n');
        }
        JsonNode answer =
                http.post(path, "application/x-ndjson", utf8(body.toString())).ok().json();
        return allPlaced(records, answer.get("records"));
    }

    private StoredRecord single(HttpCalls http, String path, int i) throws Exception {
        JsonNode record = written(i);
        return placed(record, http.post(path, record.toString()).ok().json());
    }

    private StoredRecord raw(HttpCalls http, String path, int i) throws Exception {
        byte[] value = noise(50);
        int partition = i % partitions;
        JsonNode answer =
                http.post(
                                path + "?key=raw&partition=" + partition,
                                "application/octet-stream",
                                value)
                        .ok()
                        .json();
        ObjectNode record = HttpCalls.JSON.createObjectNode();
        record.put("key", "raw");
        record.putObject("value").put("base64", Base64.getEncoder().encodeToString(value));
        return placed(record, answer);
    }

    /** As a careful client writes it: what may be mistaken for something else in an envelope. */
    private JsonNode written(int i) {
        ProducerRecord<byte[], byte[]> record = record(i);
        ObjectNode written = HttpCalls.JSON.createObjectNode();
        written.put("partition", record.partition()).put("timestamp", record.timestamp());
        if (record.key() != null) {
            written.set("key", text(record.key()));
        }
        byte[] value = record.value();
        if (value == null) {
            written.putNull("value");
        } else if (i % 7 == 3 || i % 7 == 6) {
            written.set("value", HttpCalls.JSON.readTree(value));
        } else if (i % 7 == 4) {
            written.putObject("value").set("json", HttpCalls.JSON.readTree(value));
        } else {
            written.set("value", text(value));
        }
        ArrayNode headers = HttpCalls.JSON.createArrayNode();
        record.headers()
                .forEach(
                        h ->
                                headers.addObject()
                                        .put("name", h.key())
                                        .set("value", text(h.value())));
        if (!headers.isEmpty()) {
            written.set("headers", headers);
        }
        return written;
    }

    private static JsonNode text(byte @Nullable [] bytes) {
        if (bytes == null) {
            return HttpCalls.JSON.nullNode();
        }
        String text = new String(bytes, StandardCharsets.UTF_8);
        return java.util.Arrays.equals(utf8(text), bytes)
                ? HttpCalls.JSON.getNodeFactory().stringNode(text)
                : HttpCalls.JSON
                        .createObjectNode()
                        .put("base64", Base64.getEncoder().encodeToString(bytes));
    }

    private List<StoredRecord> allPlaced(JsonNode records, JsonNode places) {
        assertThat(places.size()).isEqualTo(records.size());
        List<StoredRecord> stored = new ArrayList<>();
        for (int i = 0; i < records.size(); i++) {
            stored.add(placed(records.get(i), places.get(i)));
        }
        return stored;
    }

    private StoredRecord placed(JsonNode record, JsonNode place) {
        assertThat(place.has("offset")).as(place.toString()).isTrue();
        if (record.has("partition")) {
            assertThat(place.get("partition")).isEqualTo(record.get("partition"));
        }
        ObjectNode whole = record.deepCopy().asObject();
        whole.put("topic", topic);
        whole.setAll(place.deepCopy().asObject());
        return StoredRecord.read(whole);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
