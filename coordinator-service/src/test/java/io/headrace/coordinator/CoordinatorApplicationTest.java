package io.headrace.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.metadata.Controller;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** The application as an operator starts it. */
@Timeout(60)
class CoordinatorApplicationTest {
    @TempDir Path directory;

    @Test
    void startsServesHealthAndMetricsAndStops() throws Exception {
        try (var context =
                CoordinatorApplication.start(
                        "--headrace.cluster.secret=a secret of sixteen",
                        "--headrace.coordinator.host=127.0.0.1",
                        "--headrace.coordinator.port=0",
                        "--headrace.coordinator.data-directory=" + directory,
                        "--server.port=0")) {
            context.getBean(Controller.class).ready().get(30, TimeUnit.SECONDS);
            assertThat(
                            context.getEnvironment()
                                    .getProperty(
                                            CoordinatorConfiguration.LOCAL_PORT, Integer.class))
                    .isEqualTo(context.getBean(CoordinatorServer.class).address().getPort());
            String port = context.getEnvironment().getRequiredProperty("local.server.port");
            try (HttpClient http = HttpClient.newHttpClient()) {
                assertThat(get(http, port, "/actuator/health/liveness")).contains("UP");
                assertThat(get(http, port, "/actuator/health/readiness")).contains("\"UP\"");
                assertThat(get(http, port, "/actuator/prometheus"))
                        .contains("kafka_controller_active_controller_count 1.0")
                        .contains("kafka_controller_offline_partitions_count 0.0");
            }
        }
    }

    private static String get(HttpClient http, String port, String path) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + port + path);
        return http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }
}
