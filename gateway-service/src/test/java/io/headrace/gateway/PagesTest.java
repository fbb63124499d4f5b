package io.headrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.net.URI;
import java.net.http.HttpRequest;
import java.util.List;

/** The pages, the OpenAPI document, health and metrics. */
class PagesTest {
    @Test
    void everythingThatIsSeenFromOutsideIsServed() {
        FakeCluster cluster = new FakeCluster();
        cluster.topic("quickstart", 3);
        try (RunningGateway gateway = RunningGateway.start(cluster)) {
            for (String path :
                    List.of("/", "/websocket.html", "/problems", "/console.js", "/console.css")) {
                RunningGateway.Answer page = gateway.get(path);
                assertThat(page.status()).as(path).isEqualTo(200);
                assertThat(page.text()).doesNotContain("http://", "https://cdn");
            }
            RunningGateway.Answer docs = gateway.get("/v3/api-docs");
            assertThat(docs.status()).as(docs.text()).isEqualTo(200);
            JsonNode api = docs.json();
            assertThat(api.get("openapi").asString()).startsWith("3.1");
            assertThat(api.get("paths").propertyNames())
                    .contains(
                            "/api/v1/topics/{topic}/records",
                            "/api/v1/topics/{topic}/events",
                            "/api/v1/events",
                            "/api/v1/topics",
                            "/api/v1/groups/{group}",
                            "/api/v1/cluster");
            assertThat(gateway.get("/webjars/swagger-ui/index.html").status()).isEqualTo(200);
            assertThat(managed(gateway, "/actuator/health/liveness")).contains("\"UP\"");
            assertThat(managed(gateway, "/actuator/health/readiness")).contains("\"UP\"");
            assertThat(managed(gateway, "/actuator/prometheus"))
                    .contains("headrace_gateway_fanout_fetches_total")
                    .contains("headrace_gateway_connections")
                    .contains("http_server_requests_seconds");
            cluster.setUnreachable(true);
            assertThat(managed(gateway, "/actuator/health/readiness")).contains("\"DOWN\"");
            assertThat(managed(gateway, "/actuator/health/liveness")).contains("\"UP\"");
        }
    }

    private static String managed(RunningGateway gateway, String path) {
        return gateway.send(
                        HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + gateway.managementPort() + path)))
                .text();
    }
}
