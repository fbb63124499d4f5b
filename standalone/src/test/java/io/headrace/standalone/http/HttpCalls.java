package io.headrace.standalone.http;

import static org.assertj.core.api.Assertions.assertThat;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Calls of the HTTP API, as any client of it makes them. */
final class HttpCalls implements AutoCloseable {
    static final JsonMapper JSON = new JsonMapper();
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final HttpClient http = HttpClient.newHttpClient();
    private final String url;

    HttpCalls(String url) {
        this.url = url;
    }

    /** What came back. */
    record Answer(int status, String contentType, HttpResponse<byte[]> response) {
        String text() {
            return new String(response.body(), StandardCharsets.UTF_8);
        }

        JsonNode json() {
            return JSON.readTree(response.body());
        }

        /** Asserts a status of 200 to 299. */
        Answer ok() {
            assertThat(status).as(response.request() + ": " + text()).isBetween(200, 299);
            return this;
        }

        /** Asserts a problem document with that status. */
        Answer problem(int wanted) {
            assertThat(status).as(response.request() + ": " + text()).isEqualTo(wanted);
            assertThat(contentType).startsWith("application/problem+json");
            assertThat(json().get("detail").asString()).isNotBlank();
            return this;
        }
    }

    HttpClient client() {
        return http;
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(url + path)).timeout(LIMIT);
    }

    Answer get(String path) throws IOException, InterruptedException {
        return send(request(path).GET());
    }

    Answer post(String path, String contentType, byte[] body)
            throws IOException, InterruptedException {
        return send(
                request(path)
                        .header("Content-Type", contentType)
                        .POST(HttpRequest.BodyPublishers.ofByteArray(body)));
    }

    Answer post(String path, String json) throws IOException, InterruptedException {
        return post(path, "application/json", json.getBytes(StandardCharsets.UTF_8));
    }

    Answer send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<byte[]> response =
                http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        return new Answer(
                response.statusCode(),
                response.headers().firstValue("content-type").orElse(""),
                response);
    }

    @Override
    public void close() {
        http.shutdownNow();
        http.close();
    }
}
