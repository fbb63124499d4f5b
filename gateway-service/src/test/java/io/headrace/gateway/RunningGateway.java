package io.headrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The whole gateway on an ephemeral port, in front of a {@link FakeCluster}. */
public final class RunningGateway implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();

    public final FakeCluster cluster;
    private final HttpClient http = HttpClient.newHttpClient();
    private final ConfigurableApplicationContext context;
    private final int port;

    private RunningGateway(FakeCluster cluster, String... properties) {
        this.cluster = cluster;
        List<String> args = new ArrayList<>(List.of(properties));
        args.add("--server.port=0");
        args.add("--server.address=127.0.0.1");
        args.add("--management.server.port=0");
        args.add("--management.server.address=127.0.0.1");
        args.add("--server.shutdown=immediate");
        this.context =
                new SpringApplicationBuilder(GatewayApplication.class)
                        .web(WebApplicationType.REACTIVE)
                        .properties(Map.of("spring.config.name", GatewayApplication.CONFIG_NAME))
                        .initializers(
                                created ->
                                        ((GenericApplicationContext) created)
                                                .registerBean(
                                                        io.headrace.client.HeadraceClient.class,
                                                        () -> cluster))
                        .run(args.toArray(new String[0]));
        this.port = GatewayApplication.httpPort(context);
    }

    public static RunningGateway start(FakeCluster cluster, String... properties) {
        return new RunningGateway(cluster, properties);
    }

    public int port() {
        return port;
    }

    public int managementPort() {
        return Integer.parseInt(context.getEnvironment().getProperty("local.management.port"));
    }

    public <T> T bean(Class<T> type) {
        return context.getBean(type);
    }

    public URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    public HttpClient http() {
        return http;
    }

    /** An answer: status, headers and body. */
    public record Answer(HttpResponse<byte[]> response) {
        public int status() {
            return response.statusCode();
        }

        public String text() {
            return new String(response.body(), StandardCharsets.UTF_8);
        }

        public JsonNode json() {
            return JSON.readTree(response.body());
        }

        public String contentType() {
            return response.headers().firstValue("content-type").orElse("");
        }
    }

    /** Asserts that an answer is a problem document of that status and type. */
    public static void assertProblem(Answer answer, int status, String type) {
        assertThat(answer.status()).as(answer.text()).isEqualTo(status);
        assertThat(answer.contentType()).startsWith("application/problem+json");
        JsonNode problem = answer.json();
        assertThat(problem.get("type").asString()).isEqualTo("/problems#" + type);
        assertThat(problem.get("title").asString()).isNotBlank();
        assertThat(problem.get("status").asInt()).isEqualTo(status);
        assertThat(problem.get("detail").asString()).isNotBlank();
    }

    public Answer get(String path) {
        return send(HttpRequest.newBuilder(uri(path)).GET());
    }

    public Answer delete(String path) {
        return send(HttpRequest.newBuilder(uri(path)).DELETE());
    }

    public Answer post(String path, String json) {
        return post(path, "application/json", json.getBytes(StandardCharsets.UTF_8));
    }

    public Answer post(String path, String contentType, byte[] body) {
        return send(
                HttpRequest.newBuilder(uri(path))
                        .header("Content-Type", contentType)
                        .POST(HttpRequest.BodyPublishers.ofByteArray(body)));
    }

    public Answer patch(String path, String json) {
        return send(
                HttpRequest.newBuilder(uri(path))
                        .header("Content-Type", "application/json")
                        .method("PATCH", HttpRequest.BodyPublishers.ofString(json)));
    }

    public Answer send(HttpRequest.Builder request) {
        try {
            return new Answer(
                    http.send(
                            request.timeout(Duration.ofSeconds(20)).build(),
                            HttpResponse.BodyHandlers.ofByteArray()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        http.close();
        context.close();
    }
}
