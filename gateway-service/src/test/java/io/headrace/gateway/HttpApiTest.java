package io.headrace.gateway;

import static io.headrace.gateway.RunningGateway.assertProblem;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.client.produce.Acks;
import io.headrace.client.produce.ProducerOptions;
import io.headrace.gateway.RunningGateway.Answer;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.JsonNode;

import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Writing and reading records over real HTTP, in front of a cluster in memory. */
class HttpApiTest {
    private static final FakeCluster CLUSTER = new FakeCluster();
    private static RunningGateway gateway;

    @BeforeAll
    static void start() {
        gateway = RunningGateway.start(CLUSTER, "--headrace.gateway.limits.max-body=2MB");
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    @Test
    void whatIsProducedIsConsumed() {
        CLUSTER.topic("round", 1);
        Answer produced =
                gateway.post(
                        "/api/v1/topics/round/records",
                        """
                        {"records": [
                          {"key": "k", "value": {"a": 1.50, "b": [true, null]},
                           "headers": {"h": "v", "bin": {"base64": "/w=="}}, "timestamp": 5},
                          {"value": "plain"},
                          {"value": {"base64": "AAEC/w=="}},
                          {"value": null},
                          {"value": {"json": "quoted"}},
                          {"value": {"json": {"text": "not an envelope"}}},
                          {"key": "again", "value": "x", "headers": [
                            {"name": "h", "value": "1"}, {"name": "h", "value": "2"}]}
                        ]}
                        """);
        assertThat(produced.status()).as(produced.text()).isEqualTo(200);
        assertThat(produced.json().get("records")).hasSize(7);
        assertThat(produced.json().at("/records/6/offset").asLong()).isEqualTo(6);

        Answer consumed = gateway.get("/api/v1/topics/round/records");
        assertThat(consumed.status()).as(consumed.text()).isEqualTo(200);
        assertThat(consumed.text())
                .contains("\"timestamp\":5,\"key\":\"k\",\"value\":{\"a\":1.50,\"b\":[true,null]}")
                .contains("\"headers\":{\"h\":\"v\",\"bin\":{\"base64\":\"/w==\"}}")
                .contains("\"value\":\"plain\"")
                .contains("\"value\":{\"base64\":\"AAEC/w==\"}")
                .contains("\"value\":null")
                .contains("\"value\":\"\\\"quoted\\\"\"")
                .contains("\"value\":{\"json\":{\"text\":\"not an envelope\"}}")
                .contains(
                        "\"headers\":[{\"name\":\"h\",\"value\":\"1\"},"
                                + "{\"name\":\"h\",\"value\":\"2\"}]");
        assertThat(consumed.json().get("atEnd").asBoolean()).isTrue();

        // What was read, sent back as it is, is stored as the same bytes.
        CLUSTER.topic("back", 1);
        Answer back =
                gateway.post(
                        "/api/v1/topics/back/records",
                        consumed.text().substring(0, consumed.text().indexOf(",\"next\":")) + "}");
        assertThat(back.status()).as(back.text()).isEqualTo(200);
        assertThat(gateway.get("/api/v1/topics/back/records?as=base64").json().get("records"))
                .extracting(r -> r.get("value"))
                .containsExactlyElementsOf(
                        values(gateway.get("/api/v1/topics/round/records?as=base64")));
    }

    private static List<JsonNode> values(Answer answer) {
        List<JsonNode> values = new ArrayList<>();
        answer.json().get("records").forEach(r -> values.add(r.get("value")));
        return values;
    }

    @Test
    void aSingleRecordIsAnsweredAlone() {
        CLUSTER.topic("single", 3);
        Answer answer =
                gateway.post("/api/v1/topics/single/records", "{\"value\": 42, \"partition\": 2}");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().get("partition").asInt()).isEqualTo(2);
        assertThat(answer.json().get("offset").asLong()).isZero();
        assertThat(answer.json().get("timestamp").asLong()).isPositive();
        assertThat(gateway.get("/api/v1/topics/single/records?as=json").text())
                .contains("\"value\":{\"json\":42}");
    }

    @Test
    void rawBodiesAndLinesAreTaken() {
        CLUSTER.topic("raw", 1);
        String path = "/api/v1/topics/raw/records";
        byte[] bytes = {0, 1, (byte) 0xff};
        assertThat(gateway.post(path + "?key=k1", "application/octet-stream", bytes).status())
                .isEqualTo(200);
        assertThat(
                        gateway.post(path, "text/plain", "héllo".getBytes(StandardCharsets.UTF_8))
                                .status())
                .isEqualTo(200);
        byte[] lines = "{\"value\":{\"n\":1}}\n\n{\"value\":2}".getBytes(StandardCharsets.UTF_8);
        assertThat(gateway.post(path, "application/x-ndjson", lines).json().get("records"))
                .hasSize(2);
        byte[] values = "{\"n\": 3}\n[4]\n\"text\"\n".getBytes(StandardCharsets.UTF_8);
        assertThat(
                        gateway.post(path + "?lines=values", "application/x-ndjson", values)
                                .json()
                                .get("records"))
                .hasSize(3);
        assertThat(gateway.get(path).text())
                .contains("\"key\":\"k1\",\"value\":{\"base64\":\"AAH/\"}")
                .contains("\"value\":\"héllo\"")
                .contains("\"value\":{\"n\":1}")
                .contains("\"value\":\"2\"")
                .contains("\"value\":{\"n\":3}")
                .contains("\"value\":[4]")
                .contains("\"value\":\"text\"");
        assertProblem(
                gateway.post(path, "application/xml", "<a/>".getBytes(StandardCharsets.UTF_8)),
                415,
                "unsupported-media-type");
    }

    @Test
    void someFailedIs207AndAllFailedIsTheirProblem() {
        CLUSTER.topic("partly", 1);
        String path = "/api/v1/topics/partly/records";
        String large = "x".repeat(FakeCluster.MAX_RECORD_BYTES + 1);
        Answer partly =
                gateway.post(
                        path,
                        "{\"records\": [{\"value\": \"ok\"}, {\"value\": \"" + large + "\"}]}");
        assertThat(partly.status()).isEqualTo(207);
        assertThat(partly.json().at("/records/0/offset").asLong()).isZero();
        JsonNode problem = partly.json().at("/records/1/problem");
        assertThat(problem.get("error").asString()).isEqualTo("MESSAGE_TOO_LARGE");
        assertThat(problem.get("status").asInt()).isEqualTo(413);
        assertProblem(gateway.post(path, "{\"value\": \"" + large + "\"}"), 413, "too-large");
        Answer all =
                gateway.post(
                        "/api/v1/topics/nowhere/records",
                        "{\"records\": [{\"value\": 1}, {\"value\": 2}]}");
        assertProblem(all, 404, "unknown-topic");
        assertThat(all.json().get("error").asString()).isEqualTo("UNKNOWN_TOPIC_OR_PARTITION");
        assertThat(all.json().get("records")).hasSize(2);
    }

    @Test
    void producersArePooledAndIdempotent() {
        CLUSTER.topic("pooled", 1);
        for (String acks : List.of("all", "all", "leader", "-1", "1")) {
            assertThat(
                            gateway.post(
                                            "/api/v1/topics/pooled/records?acks=" + acks,
                                            "{\"value\": 1}")
                                    .status())
                    .isEqualTo(200);
        }
        assertThat(CLUSTER.producers()).extracting(ProducerOptions::acks).doesNotHaveDuplicates();
        assertThat(CLUSTER.producers())
                .filteredOn(p -> p.acks() == Acks.ALL)
                .allMatch(ProducerOptions::idempotent);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "null",
                "{}",
                "{\"records\": []}",
                "{\"records\": {}}",
                "{\"records\": [1]}",
                "{\"records\": [{\"key\": 1}]}",
                "{\"records\": [{\"value\": 1}], \"more\": 2}",
                "{\"value\": {\"base64\": \"***\"}}",
                "{\"value\": {\"text\": 1}}",
                "{\"value\": 1, \"partition\": -1}",
                "{\"value\": 1, \"partition\": \"0\"}",
                "{\"value\": 1, \"timestamp\": \"yesterday\"}",
                "{\"value\": 1, \"timestamp\": -5}",
                "{\"value\": 1, \"headers\": 3}",
                "{\"value\": 1, \"headers\": [{\"value\": 3}]}",
                "{\"value\": 1, \"colour\": 3}",
                "{\"value\": \"\\ud800\"}",
                "{\"value\": 01}",
                "{\"value\": 1} {\"value\": 2}",
                "{\"value\": 99999999999999999999, \"partition\": 99999999999999999999}",
                "\u0000",
            })
    void malformedBodiesAreRefused(String body) {
        CLUSTER.topic("malformed", 1);
        Answer answer = gateway.post("/api/v1/topics/malformed/records", body);
        assertProblem(answer, 400, "invalid-request");
        assertThat(gateway.get("/api/v1/topics/malformed/records").json().get("records")).isEmpty();
    }

    @Test
    void problemsNameThePlace() {
        CLUSTER.topic("places", 1);
        String path = "/api/v1/topics/places/records";
        assertThat(
                        gateway.post(
                                        path,
                                        "{\"records\": [{\"value\": 1}, {\"value\": 1,"
                                                + " \"partition\": \"x\"}]}")
                                .json()
                                .get("detail")
                                .asString())
                .contains("records[1].partition");
        assertThat(gateway.post(path, "{\n \"value\": tru }").json().get("detail").asString())
                .contains("line 2");
    }

    @Test
    void hugeBodiesAreRefused() {
        CLUSTER.topic("huge", 1);
        byte[] body = new byte[3 << 20];
        assertProblem(
                gateway.post("/api/v1/topics/huge/records", "text/plain", body), 413, "too-large");
        Answer chunked =
                gateway.send(
                        HttpRequest.newBuilder(gateway.uri("/api/v1/topics/huge/records"))
                                .header("Content-Type", "text/plain")
                                .POST(
                                        HttpRequest.BodyPublishers.ofInputStream(
                                                () -> new java.io.ByteArrayInputStream(body))));
        assertProblem(chunked, 413, "too-large");
    }

    @Test
    void cursorsGoOnWithoutGapOrRepeatOverAllPartitions() {
        CLUSTER.topic("cursor", 5);
        for (int i = 0; i < 500; i++) {
            CLUSTER.store("cursor", i % 5, Integer.toString(i).getBytes(StandardCharsets.UTF_8));
        }
        List<String> read = new ArrayList<>();
        String path = "/api/v1/topics/cursor/records?limit=37";
        String cursor = null;
        while (true) {
            Answer answer = gateway.get(cursor == null ? path : path + "&cursor=" + cursor);
            assertThat(answer.status()).as(answer.text()).isEqualTo(200);
            answer.json()
                    .get("records")
                    .forEach(r -> read.add(r.get("partition") + "/" + r.get("offset")));
            assertThat(answer.json().get("records").size()).isLessThanOrEqualTo(37);
            cursor = answer.json().get("next").asString();
            if (answer.json().get("atEnd").asBoolean()) {
                break;
            }
        }
        assertThat(read).hasSize(500).doesNotHaveDuplicates();
        // A partition added later is read from its first record on.
        gateway.post("/api/v1/topics/cursor/partitions", "{\"total\": 6}");
        CLUSTER.store("cursor", 5, "new".getBytes(StandardCharsets.UTF_8));
        assertThat(gateway.get(path + "&cursor=" + cursor).json().at("/records/0/value").asString())
                .isEqualTo("new");
    }

    @Test
    void startsAreFound() {
        CLUSTER.topic("starts", 1);
        for (int i = 0; i < 10; i++) {
            gateway.post(
                    "/api/v1/topics/starts/records",
                    "{\"value\": " + i + ", \"timestamp\": " + (1000 + i) + "}");
        }
        String path = "/api/v1/topics/starts/records";
        assertThat(offsets(path)).hasSize(10);
        assertThat(offsets(path + "?from=earliest&limit=2")).containsExactly(0L, 1L);
        assertThat(offsets(path + "?from=latest")).isEmpty();
        assertThat(offsets(path + "?from=latest&back=3")).containsExactly(7L, 8L, 9L);
        assertThat(offsets(path + "?from=offset&offset=8")).containsExactly(8L, 9L);
        assertThat(offsets(path + "?from=timestamp&timestamp=1009")).containsExactly(9L);
        assertThat(offsets(path + "?timestamp=1970-01-01T00:00:01.009Z")).containsExactly(9L);
    }

    private static List<Long> offsets(String path) {
        List<Long> offsets = new ArrayList<>();
        Answer answer = gateway.get(path);
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        answer.json().get("records").forEach(r -> offsets.add(r.get("offset").asLong()));
        return offsets;
    }

    @Test
    void deletedRecordsAreReportedAsSkipped() {
        CLUSTER.topic("skips", 1);
        for (int i = 0; i < 5; i++) {
            CLUSTER.store("skips", 0, new byte[] {'x'});
        }
        String cursor =
                gateway.get("/api/v1/topics/skips/records?limit=1").json().get("next").asString();
        Answer deleted =
                gateway.post(
                        "/api/v1/topics/skips/records/delete",
                        "{\"partitions\": [{\"partition\": 0, \"before\": 3}]}");
        assertThat(deleted.json().at("/partitions/0/logStart").asLong()).isEqualTo(3);
        Answer answer = gateway.get("/api/v1/topics/skips/records?wait=5s&cursor=" + cursor);
        assertThat(answer.json().at("/skipped/0/from").asLong()).isEqualTo(1);
        assertThat(answer.json().at("/skipped/0/to").asLong()).isEqualTo(3);
    }

    @Test
    void aLongPollEndsWithTheFirstRecordOrTheWait() throws Exception {
        CLUSTER.topic("poll", 2);
        String path = "/api/v1/topics/poll/records?wait=20s";
        CompletableFuture<Answer> polled = CompletableFuture.supplyAsync(() -> gateway.get(path));
        while (gateway.bean(io.headrace.gateway.fanout.Fanout.class).feedCount() < 2) {
            assertThat(polled).isNotDone();
            Thread.onSpinWait();
        }
        CLUSTER.store("poll", 1, "now".getBytes(StandardCharsets.UTF_8));
        Answer answer = polled.get(10, TimeUnit.SECONDS);
        assertThat(answer.json().at("/records/0/value").asString()).isEqualTo("now");

        String next = answer.json().get("next").asString();
        long before = System.nanoTime();
        Answer empty = gateway.get("/api/v1/topics/poll/records?wait=200&cursor=" + next);
        assertThat(System.nanoTime() - before).isGreaterThan(150_000_000L);
        assertThat(empty.json().get("records")).isEmpty();
        assertThat(empty.json().get("next").asString()).isEqualTo(next);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cursor=xyz",
                "cursor=%00",
                "cursor=AQEBAQEBAQ",
                "from=somewhere",
                "from=offset",
                "from=offset&offset=-1",
                "from=timestamp&timestamp=soon",
                "limit=0",
                "limit=100000000",
                "limit=many",
                "maxBytes=0",
                "wait=1h",
                "wait=-1",
                "wait=a",
                "as=xml",
                "partition=x",
            })
    void badParametersAreRefused(String query) {
        CLUSTER.topic("params", 1);
        Answer answer = gateway.get("/api/v1/topics/params/records?" + query);
        assertThat(answer.status()).as(answer.text()).isEqualTo(400);
        assertThat(answer.contentType()).startsWith("application/problem+json");
    }

    @Test
    void cursorsOfDeletedOrOtherTopicsAreRefused() {
        CLUSTER.topic("gone", 1);
        CLUSTER.topic("other", 1);
        String cursor = gateway.get("/api/v1/topics/gone/records").json().get("next").asString();
        assertProblem(
                gateway.get("/api/v1/topics/other/records?cursor=" + cursor),
                400,
                "invalid-request");
        assertThat(gateway.delete("/api/v1/topics/gone").status()).isEqualTo(204);
        CLUSTER.topic("gone", 1);
        assertProblem(
                gateway.get("/api/v1/topics/gone/records?cursor=" + cursor),
                410,
                "cursor-of-deleted-topic");
        assertProblem(
                gateway.get("/api/v1/topics/other/records?partition=7"), 404, "unknown-topic");
    }

    @Test
    void aLongPollOfAClusterThatGoesAwayIs503() throws Exception {
        CLUSTER.topic("away", 1);
        String path = "/api/v1/topics/away/records";
        String next = gateway.get(path).json().get("next").asString();
        CompletableFuture<Answer> polled =
                CompletableFuture.supplyAsync(() -> gateway.get(path + "?wait=8s&cursor=" + next));
        CLUSTER.setUnreachable(true);
        try {
            Answer answer = polled.get(15, TimeUnit.SECONDS);
            assertProblem(answer, 503, "cluster-unreachable");
            assertThat(answer.response().headers().firstValue("retry-after")).hasValue("1");
        } finally {
            CLUSTER.setUnreachable(false);
        }
        Answer again = gateway.get(path + "?cursor=" + next);
        assertThat(again.status()).as(again.text()).isEqualTo(200);
        assertThat(again.json().get("next").asString()).isEqualTo(next);
    }
}
