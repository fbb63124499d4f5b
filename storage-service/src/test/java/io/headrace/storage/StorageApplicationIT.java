package io.headrace.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The service as it is run: Spring around the node, health and metrics over HTTP. */
@Timeout(60)
class StorageApplicationIT {
    @TempDir Path directory;

    private String[] arguments(FakeCoordinator coordinator, int port) {
        List<String> arguments = new ArrayList<>();
        Map.of(
                        "server.port",
                        0,
                        "server.address",
                        "127.0.0.1",
                        "headrace.cluster.secret",
                        FakeCoordinator.SECRET,
                        "headrace.storage.coordinators",
                        "127.0.0.1:" + coordinator.port(),
                        "headrace.storage.listener.host",
                        "127.0.0.1",
                        "headrace.storage.listener.port",
                        port,
                        "headrace.storage.hazelcast.enabled",
                        false,
                        "headrace.storage.data-dirs",
                        directory)
                .forEach((name, value) -> arguments.add("--" + name + "=" + value));
        return arguments.toArray(String[]::new);
    }

    @Test
    void servesClientsHealthAndMetrics() throws Exception {
        try (FakeCoordinator coordinator = new FakeCoordinator();
                ConfigurableApplicationContext context =
                        StorageApplication.start(arguments(coordinator, 0))) {
            String kafka =
                    "127.0.0.1:"
                            + context.getEnvironment()
                                    .getRequiredProperty("local.headrace.storage.port");
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka))) {
                assertThat(admin.describeCluster().clusterId().get())
                        .isEqualTo(FakeCoordinator.CLUSTER);
            }
            String http =
                    "http://127.0.0.1:"
                            + context.getEnvironment().getRequiredProperty("local.server.port");
            assertThat(get(http + "/actuator/health/readiness")).contains("\"UP\"");
            assertThat(get(http + "/actuator/health/liveness")).contains("\"UP\"");
            assertThat(get(http + "/actuator/prometheus"))
                    .contains("kafka_server_messages_in_total")
                    .contains("kafka_server_under_replicated_partitions")
                    .contains("kafka_network_requests_seconds_count{request=\"DescribeCluster\"}");
        }
    }

    @Test
    void aPortInUseEndsTheStart() throws Exception {
        try (FakeCoordinator coordinator = new FakeCoordinator();
                ServerSocket taken = new ServerSocket(0)) {
            String[] arguments = arguments(coordinator, taken.getLocalPort());
            assertThatThrownBy(() -> StorageApplication.start(arguments))
                    .rootCause()
                    .hasMessageContaining("in use");
        }
    }

    @Test
    void tellsThatItIsAliveAndNotReadyWhileItWaitsForACoordinator() throws Exception {
        int port = freePort();
        List<String> waiting = new ArrayList<>();
        try (FakeCoordinator gone = new FakeCoordinator()) {
            waiting.addAll(List.of(arguments(gone, 0)));
        }
        waiting.remove("--server.port=0");
        waiting.add("--server.port=" + port);
        CompletableFuture<Throwable> ended = new CompletableFuture<>();
        Thread starter =
                Thread.ofPlatform()
                        .start(
                                () -> {
                                    try (var started =
                                            StorageApplication.start(
                                                    waiting.toArray(String[]::new))) {
                                        ended.complete(new AssertionError("It served: " + started));
                                    } catch (RuntimeException e) {
                                        ended.complete(e);
                                    }
                                });
        try {
            String health = "http://127.0.0.1:" + port + "/actuator/health/";
            Eventually.until(
                    Duration.ofSeconds(40),
                    () -> get(health + "liveness"),
                    answer -> answer.contains("\"UP\""),
                    "a node that waits is alive");
            assertThat(get(health + "readiness")).contains("OUT_OF_SERVICE");
        } finally {
            starter.interrupt();
        }
        assertThat(ended.get(10, TimeUnit.SECONDS)).isNotInstanceOf(AssertionError.class);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static String get(String uri) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(
                            HttpRequest.newBuilder(URI.create(uri)).build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }
}
