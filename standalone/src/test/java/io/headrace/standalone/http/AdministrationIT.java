package io.headrace.standalone.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.RunningPlatform;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;

import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What is done over HTTP is what Kafka's tools see, and the other way round. */
@Timeout(120)
class AdministrationIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir private static Path data;

    @SuppressWarnings("NullAway.Init") // started before all tests
    private static RunningPlatform platform;

    @SuppressWarnings("NullAway.Init") // made before all tests
    private static HttpCalls http;

    @SuppressWarnings("NullAway.Init") // made before all tests
    private static Admin admin;

    @BeforeAll
    static void start() throws Exception {
        platform = RunningPlatform.start(data);
        http = new HttpCalls(platform.httpUrl());
        admin = Admin.create(Map.of("bootstrap.servers", platform.kafkaAddress()));
    }

    @AfterAll
    static void stop() {
        admin.close();
        http.close();
        platform.close();
    }

    private static HttpCalls.Answer call(String method, String path, String body) throws Exception {
        return http.send(
                http.request(path)
                        .header("Content-Type", "application/json")
                        .method(method, HttpRequest.BodyPublishers.ofString(body)));
    }

    private static HttpCalls.Answer delete(String path) throws Exception {
        return http.send(http.request(path).DELETE());
    }

    @Test
    void topicsAndTheirConfigs() throws Exception {
        http.post(
                        "/api/v1/topics",
                        "{\"name\": \"admin\", \"partitions\": 2, \"configs\":"
                                + " {\"retention.ms\": \"86400000\"}}")
                .ok();
        http.post("/api/v1/topics", "{\"name\": \"admin\"}").problem(409);
        http.post("/api/v1/topics", "{\"name\": \"bad name\"}").problem(400);
        var described = describe(admin, "admin");
        assertThat(described.partitions()).hasSize(2);
        JsonNode topic = http.get("/api/v1/topics/admin").ok().json();
        assertThat(topic.get("topicId").asString()).isEqualTo(described.topicId().toString());

        http.post("/api/v1/topics/admin/records", "{\"value\": 1, \"partition\": 1}").ok();
        JsonNode partitions = http.get("/api/v1/topics/admin/partitions").ok().json();
        assertThat(partitions.at("/partitions/1/highWatermark").asLong()).isEqualTo(1);
        http.post("/api/v1/topics/admin/partitions", "{\"total\": 1}").problem(400);
        http.post("/api/v1/topics/admin/partitions", "{\"total\": 5}").ok();
        assertThat(describe(admin, "admin").partitions()).hasSize(5);

        call(
                        "PATCH",
                        "/api/v1/topics/admin/configs",
                        "{\"configs\": {\"cleanup.policy\": \"compact\"}}")
                .ok();
        call("PATCH", "/api/v1/topics/admin/configs", "{\"configs\": {\"retention.ms\": \"soon\"}}")
                .problem(400);
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, "admin");
        var configs =
                Objects.requireNonNull(
                        admin.describeConfigs(List.of(resource)).all().get().get(resource));
        assertThat(configs.get("cleanup.policy").value()).isEqualTo("compact");
        assertThat(configs.get("retention.ms").value()).isEqualTo("86400000");
        assertThat(http.get("/api/v1/topics/admin/configs").ok().json().get("configs"))
                .hasSize(configs.entries().size());

        assertThat(delete("/api/v1/topics/admin").status()).isEqualTo(204);
        delete("/api/v1/topics/admin").problem(404);
        http.get("/api/v1/topics/admin").problem(404);
        assertThat(admin.listTopics().names().get()).doesNotContain("admin");
    }

    @Test
    void groupsAndTheirLag() throws Exception {
        http.post("/api/v1/topics", "{\"name\": \"lagging\", \"partitions\": 2}").ok();
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 30; i++) {
            lines.append("{\"value\": %d, \"partition\": %d}%n".formatted(i, i % 2));
        }
        http.post(
                        "/api/v1/topics/lagging/records",
                        "application/x-ndjson",
                        lines.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8))
                .ok();
        Map<String, Object> configs =
                Map.of(
                        "bootstrap.servers",
                        platform.kafkaAddress(),
                        "group.id",
                        "billing",
                        "auto.offset.reset",
                        "earliest");
        try (var consumer =
                new KafkaConsumer<>(configs, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of("lagging"));
            Eventually.until(
                    LIMIT,
                    () -> !consumer.poll(Duration.ofMillis(100)).isEmpty(),
                    "the group reads");
            consumer.commitSync(
                    Map.of(
                            new TopicPartition("lagging", 0),
                            new OffsetAndMetadata(10),
                            new TopicPartition("lagging", 1),
                            new OffsetAndMetadata(3)));
            JsonNode group = http.get("/api/v1/groups/billing").ok().json();
            assertThat(group.get("state").asString()).isEqualTo("Stable");
            assertThat(group.get("totalLag").asLong()).isEqualTo(5 + 12);
            assertThat(group.get("members")).hasSize(1);
            assertThat(group.at("/members/0/assignment")).hasSize(2);
            delete("/api/v1/groups/billing").problem(409);
        }
        Eventually.passes(
                LIMIT,
                () ->
                        assertThat(http.get("/api/v1/groups?lag=true").json().get("groups"))
                                .anySatisfy(
                                        g -> {
                                            assertThat(g.get("groupId").asString())
                                                    .isEqualTo("billing");
                                            assertThat(g.get("state").asString())
                                                    .isEqualTo("Empty");
                                        }),
                "the group is empty");
        http.post(
                        "/api/v1/groups/billing/offsets/reset",
                        "{\"to\": \"earliest\", \"topics\": [\"lagging\"]}")
                .ok();
        assertThat(http.get("/api/v1/groups/billing/offsets").ok().json().get("totalLag").asLong())
                .isEqualTo(30);
        var committed =
                admin.listConsumerGroupOffsets("billing")
                        .partitionsToOffsetAndMetadata()
                        .get()
                        .get(new TopicPartition("lagging", 1));
        assertThat(committed).extracting(at -> at.offset()).isEqualTo(0L);
        assertThat(delete("/api/v1/groups/billing").status()).isEqualTo(204);
        http.get("/api/v1/groups/billing").problem(404);
    }

    @Test
    void theCluster() throws Exception {
        JsonNode cluster = http.get("/api/v1/cluster").ok().json();
        var described = admin.describeCluster();
        assertThat(cluster.get("clusterId").asString()).isEqualTo(described.clusterId().get());
        assertThat(cluster.get("nodes")).hasSize(described.nodes().get().size());
        assertThat(cluster.at("/nodes/0/port").asInt())
                .isEqualTo(described.nodes().get().iterator().next().port());
    }

    private static TopicDescription describe(Admin admin, String topic) throws Exception {
        return Objects.requireNonNull(
                admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic));
    }
}
