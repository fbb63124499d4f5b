package io.headrace.gateway;

import static io.headrace.gateway.RunningGateway.assertProblem;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.gateway.RunningGateway.Answer;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.util.ArrayList;
import java.util.List;

/** Topics, groups and the cluster over real HTTP, in front of a cluster in memory. */
class AdministrationTest {
    private static final FakeCluster CLUSTER = new FakeCluster();
    private static RunningGateway gateway;

    @BeforeAll
    static void start() {
        gateway = RunningGateway.start(CLUSTER);
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    @Test
    void topicsAreAdministered() {
        Answer created =
                gateway.post(
                        "/api/v1/topics",
                        "{\"name\": \"admin-a\", \"partitions\": 3, \"configs\":"
                                + " {\"retention.ms\": \"1000\"}}");
        assertThat(created.status()).as(created.text()).isEqualTo(201);
        assertThat(created.response().headers().firstValue("location"))
                .hasValue("/api/v1/topics/admin-a");
        assertProblem(
                gateway.post("/api/v1/topics", "{\"name\": \"admin-a\"}"), 409, "topic-exists");
        assertThat(
                        gateway.post("/api/v1/topics?validateOnly=true", "{\"name\": \"admin-b\"}")
                                .status())
                .isEqualTo(200);
        assertProblem(gateway.get("/api/v1/topics/admin-b"), 404, "unknown-topic");
        CLUSTER.store("admin-a", 1, new byte[1]);
        JsonNode topic = gateway.get("/api/v1/topics/admin-a").json();
        assertThat(topic.at("/partitions/1/highWatermark").asLong()).isEqualTo(1);
        assertThat(topic.at("/partitions/1/logStart").asLong()).isZero();
        assertThat(gateway.get("/api/v1/topics/admin-a/partitions").json().get("partitions"))
                .hasSize(3);
        Answer altered =
                gateway.patch(
                        "/api/v1/topics/admin-a/configs",
                        "{\"configs\": {\"retention.ms\": null, \"cleanup.policy\":"
                                + " \"compact\"}}");
        assertThat(altered.status()).as(altered.text()).isEqualTo(200);
        assertThat(altered.json().at("/configs/0/name").asString()).isEqualTo("cleanup.policy");
        assertThat(altered.json().at("/configs/1/isDefault").asBoolean()).isTrue();
        assertProblem(
                gateway.patch(
                        "/api/v1/topics/admin-a/configs",
                        "{\"configs\": {\"retention.ms\": \"nonsense\"}}"),
                400,
                "invalid-request");
        assertProblem(gateway.post("/api/v1/topics", "{\"nome\": \"x\"}"), 400, "invalid-request");
        assertProblem(gateway.post("/api/v1/topics", ""), 400, "invalid-request");
        assertProblem(gateway.post("/api/v1/topics", "{\"name\""), 400, "invalid-request");
        assertProblem(gateway.post("/api/v1/topics", "{}"), 400, "invalid-request");
        assertProblem(
                gateway.post("/api/v1/topics", "{\"name\": \"a b\"}"), 400, "invalid-request");
        assertThat(gateway.delete("/api/v1/topics/admin-a").status()).isEqualTo(204);
        assertProblem(gateway.delete("/api/v1/topics/admin-a"), 404, "unknown-topic");
    }

    @Test
    void listsComeInPages() {
        for (int i = 0; i < 7; i++) {
            CLUSTER.topic("page-" + i, 1);
        }
        List<String> names = new ArrayList<>();
        String after = "";
        while (true) {
            JsonNode page =
                    gateway.get("/api/v1/topics?contains=page-&limit=3&after=" + after).json();
            assertThat(page.get("total").asInt()).isEqualTo(7);
            page.get("topics").forEach(t -> names.add(t.get("name").asString()));
            if (page.get("next") == null) {
                break;
            }
            after = page.get("next").asString();
        }
        assertThat(names).hasSize(7).isSorted().doesNotHaveDuplicates();
        assertProblem(gateway.get("/api/v1/topics?limit=0"), 400, "invalid-request");
    }

    @Test
    void groupsAreAdministered() {
        CLUSTER.topic("orders", 1);
        for (int i = 0; i < 4; i++) {
            CLUSTER.store("orders", 0, new byte[1]);
        }
        assertProblem(gateway.get("/api/v1/groups/billing"), 404, "unknown-group");
        Answer reset =
                gateway.post(
                        "/api/v1/groups/billing/offsets/reset",
                        "{\"to\": \"offset\", \"offset\": 1, \"topics\": [\"orders\"]}");
        assertThat(reset.status()).as(reset.text()).isEqualTo(200);
        JsonNode group = gateway.get("/api/v1/groups/billing").json();
        assertThat(group.get("state").asString()).isEqualTo("Stable");
        assertThat(group.get("totalLag").asLong()).isEqualTo(3);
        assertThat(group.at("/partitions/0/lag").asLong()).isEqualTo(3);
        assertThat(group.at("/members/0/assignment/0/topic").asString()).isEqualTo("orders");
        assertThat(gateway.get("/api/v1/groups?lag=true").json().at("/groups/0/totalLag").asLong())
                .isEqualTo(3);
        assertThat(gateway.get("/api/v1/groups/billing/offsets").json().get("totalLag").asLong())
                .isEqualTo(3);
        assertThat(gateway.delete("/api/v1/groups/billing").status()).isEqualTo(204);
        assertProblem(
                gateway.post("/api/v1/groups/billing/offsets/reset", "{\"to\": \"earliest\"}"),
                400,
                "invalid-request");
    }

    @Test
    void otherFailuresAreProblemsToo() {
        assertProblem(gateway.get("/api/v1/nothing"), 404, "no-such-path");
        assertProblem(gateway.delete("/api/v1/cluster"), 405, "method-not-allowed");
        assertProblem(gateway.get("/api/v1/topics/a%20b/records"), 400, "invalid-request");
    }

    @Test
    void aClusterThatIsAwayIs503() {
        CLUSTER.setUnreachable(true);
        try {
            Answer answer = gateway.get("/api/v1/cluster");
            assertProblem(answer, 503, "cluster-unreachable");
            assertThat(answer.response().headers().firstValue("retry-after")).hasValue("1");
            assertProblem(
                    gateway.post("/api/v1/topics/away/records", "{\"value\": 1}"),
                    503,
                    "cluster-unreachable");
        } finally {
            CLUSTER.setUnreachable(false);
        }
        assertThat(gateway.get("/api/v1/cluster").json().at("/nodes/0/port").asInt())
                .isEqualTo(9092);
    }
}
