package io.headrace.standalone.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.RunningPlatform;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.JsonNode;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * Thousands of records, half of them produced by Kafka's producer and half over HTTP, are read by
 * every way of reading, equal in every byte.
 */
@Timeout(180)
class GatewayIT {
    private static final String TOPIC = "meters-eu";
    private static final int PARTITIONS = 4;
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir private static Path data;

    @SuppressWarnings("NullAway.Init") // started before all tests
    private static RunningPlatform platform;

    @SuppressWarnings("NullAway.Init") // made before all tests
    private static HttpCalls http;

    /** What was acknowledged, by its place. */
    private static final Map<String, StoredRecord> SENT = new TreeMap<>();

    @BeforeAll
    static void produce() throws Exception {
        platform =
                RunningPlatform.start(
                        data,
                        "--set",
                        "headrace.gateway.stream.refresh=300ms",
                        "--set",
                        "headrace.gateway.operation-timeout=3s");
        http = new HttpCalls(platform.httpUrl());
        createTopic(TOPIC);
        MeterReadings readings = new MeterReadings(TOPIC, PARTITIONS);
        readings.produceWithKafka(platform.kafkaAddress(), 1500).forEach(GatewayIT::sent);
        readings.produceOverHttp(http, 1500).forEach(GatewayIT::sent);
        assertThat(SENT).hasSizeGreaterThanOrEqualTo(3000);
    }

    @AfterAll
    static void stop() {
        http.close();
        platform.close();
    }

    private static void sent(StoredRecord record) {
        assertThat(SENT.put(record.place(), record)).as("one record per place").isNull();
    }

    private static void createTopic(String name) throws Exception {
        http.post(
                        "/api/v1/topics",
                        // The readings have old timestamps: retention by time would delete them.
                        "{\"name\": \"%s\", \"partitions\": %d, \"configs\": {\"retention.ms\": \"-1\"}}"
                                .formatted(name, PARTITIONS))
                .ok();
    }

    /** Keeps what was read and refuses what comes twice or out of order. */
    private static final class Reader {
        private final Map<String, StoredRecord> records = new TreeMap<>();
        private final Map<Integer, Long> last = new HashMap<>();

        void take(StoredRecord record) {
            Long before = last.put(record.partition(), record.offset());
            assertThat(before == null || before < record.offset())
                    .as(record.place() + " after " + before)
                    .isTrue();
            records.put(record.place(), record);
        }

        void take(JsonNode frame) {
            frame.get("records").forEach(record -> take(StoredRecord.read(record)));
        }

        int size() {
            return records.size();
        }

        void isComplete() {
            assertThat(records.keySet()).isEqualTo(SENT.keySet());
            assertThat(records).isEqualTo(SENT);
        }
    }

    @Test
    void kafkasConsumerReadsThemAll() {
        Reader reader = new Reader();
        Map<String, Object> configs = Map.of("bootstrap.servers", platform.kafkaAddress());
        try (var consumer =
                new KafkaConsumer<>(
                        configs, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> all =
                    IntStream.range(0, PARTITIONS)
                            .mapToObj(p -> new TopicPartition(TOPIC, p))
                            .toList();
            consumer.assign(all);
            consumer.seekToBeginning(all);
            Eventually.until(
                    LIMIT,
                    () -> {
                        consumer.poll(Duration.ofMillis(100))
                                .forEach(record -> reader.take(StoredRecord.read(record)));
                        return reader.size() >= SENT.size();
                    },
                    "all records");
        }
        reader.isComplete();
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "json", "text", "base64"})
    void cursorsReadThemAll(String as) throws Exception {
        Reader reader = new Reader();
        String path = "/api/v1/topics/" + TOPIC + "/records?wait=5s&limit=171&as=" + as;
        String next = "";
        boolean atEnd = false;
        while (!atEnd) {
            JsonNode page = http.get(path + (next.isEmpty() ? "" : "&cursor=" + next)).ok().json();
            assertThat(page.get("records").size()).isBetween(1, 171);
            assertThat(page.has("skipped")).isFalse();
            reader.take(page);
            next = page.get("next").asString();
            atEnd = page.get("atEnd").asBoolean();
        }
        reader.isComplete();
    }

    @Test
    void aLongPollEndsWithTheFirstRecord() throws Exception {
        createTopic("long-poll");
        String path = "/api/v1/topics/long-poll/records?from=latest&wait=20s";
        String next = http.get(path.replace("20s", "0")).ok().json().get("next").asString();
        // Whether the poll is there before the record or after: the cursor comes before it.
        CompletableFuture<HttpCalls.Answer> poll =
                CompletableFuture.supplyAsync(
                        () -> {
                            try {
                                return http.get(
                                        path.replace("from=latest&", "") + "&cursor=" + next);
                            } catch (Exception e) {
                                throw new AssertionError(e);
                            }
                        });
        http.post("/api/v1/topics/long-poll/records", "{\"value\": \"now\", \"partition\": 2}")
                .ok();
        JsonNode answer = poll.get(19, TimeUnit.SECONDS).ok().json();
        assertThat(answer.at("/records/0/value").asString()).isEqualTo("now");

        JsonNode nothing =
                http.get(
                                path.replace("from=latest&wait=20s", "wait=300")
                                        + "&cursor="
                                        + answer.get("next").asString())
                        .ok()
                        .json();
        assertThat(nothing.get("records")).isEmpty();
        assertThat(nothing.get("atEnd").asBoolean()).isTrue();
    }

    @Test
    void serverSentEventsResumeAfterTheLastOne() throws Exception {
        Reader reader = new Reader();
        String path = "/api/v1/topics/" + TOPIC + "/events?from=earliest";
        String last = "";
        for (int until : new int[] {SENT.size() / 3, SENT.size() / 2, SENT.size()}) {
            try (EventStream events = EventStream.open(http, path, last)) {
                while (reader.size() < until) {
                    EventStream.Event event = events.next();
                    assertThat(event.name()).isEqualTo("record");
                    reader.take(StoredRecord.read(event.data()));
                    last = event.id();
                }
            }
        }
        reader.isComplete();
    }

    @Test
    void theWebSocketKeepsToCreditAndResumesOnANewSocket() throws Exception {
        Reader reader = new Reader();
        String cursor;
        try (SocketClient client = new SocketClient(http, platform.webSocketUrl())) {
            client.next("hello");
            client.say(
                    "{'op':'subscribe','sub':'m','patterns':['meters-e?'],'from':'earliest',"
                            + "'credit':0}");
            JsonNode subscribed = client.next("subscribed");
            assertThat(subscribed.get("topics").get(0).asString()).isEqualTo(TOPIC);
            assertThat(subscribed.get("partitions").asInt()).isEqualTo(PARTITIONS);
            cursor = subscribed.get("cursor").asString();
            for (int round = 1; round <= 10; round++) {
                client.say("{'op':'credit','sub':'m','records':150}");
                while (reader.size() < round * 150) {
                    JsonNode frame = client.next("records");
                    reader.take(frame);
                    cursor = frame.get("cursor").asString();
                }
                // Not one more than there was credit for.
                client.say("{'op':'ping','id':'p'}");
                client.next("pong");
                assertThat(reader.size()).isEqualTo(round * 150);
            }
        }
        try (SocketClient client = new SocketClient(http, platform.webSocketUrl())) {
            client.next("hello");
            client.say(
                    "{'op':'subscribe','sub':'again','patterns':['meters-*'],'cursor':'%s'}"
                            .formatted(cursor));
            client.next("subscribed");
            while (reader.size() < SENT.size()) {
                reader.take(client.next("records"));
            }
        }
        reader.isComplete();
    }

    @Test
    void aPatternFindsANewTopicAndGoesOnWhenANamedOneIsDeleted() throws Exception {
        createTopic("fleet-a");
        createTopic("fleet-b");
        try (SocketClient client = new SocketClient(http, platform.webSocketUrl())) {
            client.next("hello");
            client.say(
                    "{'op':'subscribe','sub':'f','topics':['fleet-a','fleet-b'],"
                            + "'patterns':['fleet-*']}");
            client.next("subscribed");
            http.send(http.request("/api/v1/topics/fleet-a").DELETE()).ok();
            createTopic("fleet-c");
            http.post("/api/v1/topics/fleet-c/records", "{\"value\": \"first\"}").ok();
            http.post("/api/v1/topics/fleet-b/records", "{\"value\": \"other\"}").ok();
            Map<String, String> read = new HashMap<>();
            Map<String, String> changes = new HashMap<>();
            while (read.size() < 2 || changes.size() < 2) {
                JsonNode frame = client.next();
                if (SocketClient.op(frame).equals("changed")) {
                    frame.get("added").forEach(t -> changes.put(t.asString(), "added"));
                    frame.get("removed").forEach(t -> changes.put(t.asString(), "removed"));
                } else {
                    assertThat(SocketClient.op(frame)).as(frame.toString()).isEqualTo("records");
                    frame.get("records")
                            .forEach(
                                    r ->
                                            read.put(
                                                    r.get("topic").asString(),
                                                    r.get("value").asString()));
                }
            }
            assertThat(read)
                    .containsOnly(Map.entry("fleet-c", "first"), Map.entry("fleet-b", "other"));
            assertThat(changes)
                    .containsOnly(Map.entry("fleet-c", "added"), Map.entry("fleet-a", "removed"));
        }
    }
}
