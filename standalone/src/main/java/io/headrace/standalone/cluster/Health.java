package io.headrace.standalone.cluster;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;

/** Asks nodes how they are, on their management ports. */
final class Health {
    private static final Duration PATIENCE = Duration.ofMillis(1500);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final HttpClient http =
            HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .connectTimeout(PATIENCE)
                    .build();

    /**
     * What a node answers.
     *
     * @param active whether it is the active controller
     */
    record Answer(boolean ready, boolean active) {}

    /** The node's answer; empty when there is none in time. */
    Optional<Answer> of(NodePlan node) {
        URI uri =
                URI.create(
                        "http://"
                                + node.host()
                                + ":"
                                + node.managementPort()
                                + "/actuator/health/readiness");
        try {
            HttpResponse<String> response =
                    http.send(
                            HttpRequest.newBuilder(uri).timeout(PATIENCE).build(),
                            HttpResponse.BodyHandlers.ofString());
            JsonNode body = JSON.readTree(response.body());
            return Optional.of(
                    new Answer(
                            response.statusCode() == 200,
                            body.at("/components/controller/details/active").asBoolean(false)));
        } catch (IOException | JacksonException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
