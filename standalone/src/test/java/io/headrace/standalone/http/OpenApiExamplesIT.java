package io.headrace.standalone.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.RunningPlatform;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;

import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** The OpenAPI document keeps its word: every example of it works as it is written. */
@Timeout(120)
class OpenApiExamplesIT {
    /** All operations, in an order in which a reader of the document may try them. */
    private static final List<String> ORDER =
            List.of(
                    "createTopic",
                    "listTopics",
                    "describeTopic",
                    "produce",
                    "consume",
                    "topicEvents",
                    "events",
                    "addPartitions",
                    "listPartitions",
                    "getTopicConfigs",
                    "alterTopicConfigs",
                    "resetGroupOffsets",
                    "listGroups",
                    "describeGroup",
                    "getGroupOffsets",
                    "deleteGroup",
                    "describeCluster",
                    "deleteRecords",
                    "deleteTopic");

    @TempDir private static Path data;

    @SuppressWarnings("NullAway.Init") // started before all tests
    private static RunningPlatform platform;

    @SuppressWarnings("NullAway.Init") // made before all tests
    private static HttpCalls http;

    @BeforeAll
    static void start() throws Exception {
        platform = RunningPlatform.start(data);
        http = new HttpCalls(platform.httpUrl());
    }

    @AfterAll
    static void stop() {
        http.close();
        platform.close();
    }

    /** An operation of the document. */
    private record Operation(String method, String path, JsonNode description) {

        /** The path with the examples and defaults of the parameters. */
        String examplePath() {
            String filled = path;
            List<String> query = new ArrayList<>();
            for (JsonNode parameter : description.path("parameters")) {
                String name = parameter.get("name").asString();
                JsonNode example =
                        parameter.has("example")
                                ? parameter.get("example")
                                : parameter.at("/schema/default");
                if (parameter.get("in").asString().equals("path")) {
                    assertThat(parameter.has("example")).as(path + " " + name).isTrue();
                    filled = filled.replace("{" + name + "}", example.asString());
                } else if (!example.isMissingNode() && !example.asString().isEmpty()) {
                    query.add(name + "=" + encoded(example.asString()));
                }
            }
            return query.isEmpty() ? filled : filled + "?" + String.join("&", query);
        }

        private static String encoded(String text) {
            return URLEncoder.encode(text, StandardCharsets.UTF_8);
        }

        boolean isStream() {
            return description.at("/responses/200/content").has("text/event-stream");
        }

        /** The bodies to try, by their name; one that is null for a request without. */
        Map<String, Body> bodies() {
            Map<String, Body> bodies = new LinkedHashMap<>();
            for (Map.Entry<String, JsonNode> content :
                    description.at("/requestBody/content").properties()) {
                String type = content.getKey();
                JsonNode media = content.getValue();
                if (media.has("example")) {
                    bodies.put(type, new Body(type, text(media.get("example"))));
                }
                for (Map.Entry<String, JsonNode> example : media.path("examples").properties()) {
                    bodies.put(
                            type + " " + example.getKey(),
                            new Body(type, text(example.getValue().get("value"))));
                }
            }
            return bodies;
        }

        private static String text(JsonNode example) {
            return example.isString() ? example.asString() : example.toString();
        }
    }

    private record Body(String type, String text) {}

    private static Map<String, Operation> operations() throws Exception {
        JsonNode document = http.get("/v3/api-docs").ok().json();
        assertThat(document.get("openapi").asString()).startsWith("3.1");
        Map<String, Operation> operations = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> path : document.get("paths").properties()) {
            for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
                operations.put(
                        method.getValue().get("operationId").asString(),
                        new Operation(
                                method.getKey().toUpperCase(Locale.ROOT),
                                path.getKey(),
                                method.getValue()));
            }
        }
        return operations;
    }

    @Test
    void everyExampleWorksAsWritten() throws Exception {
        Map<String, Operation> operations = operations();
        assertThat(operations.keySet()).containsExactlyInAnyOrderElementsOf(ORDER);
        for (String id : ORDER) {
            Operation operation = Objects.requireNonNull(operations.get(id), id);
            assertThat(operation.description().path("summary").asString("")).as(id).isNotBlank();
            if (operation.isStream()) {
                streams(operation);
            } else {
                answers(id, operation);
            }
        }
    }

    private static void answers(String id, Operation operation) throws Exception {
        if (!operation.description().has("requestBody")) {
            HttpRequest.Builder request =
                    http.request(operation.examplePath())
                            .method(operation.method(), HttpRequest.BodyPublishers.noBody());
            asDescribed(id, operation, http.send(request).ok());
            return;
        }
        Map<String, Body> bodies = operation.bodies();
        assertThat(bodies).as(id + " has an example").isNotEmpty();
        for (Map.Entry<String, Body> body : bodies.entrySet()) {
            HttpRequest.Builder request =
                    http.request(operation.examplePath())
                            .header("Content-Type", body.getValue().type())
                            .method(
                                    operation.method(),
                                    HttpRequest.BodyPublishers.ofString(body.getValue().text()));
            HttpCalls.Answer answer = http.send(request).ok();
            if (!body.getKey().endsWith("One record") && !body.getKey().equals("text/plain")) {
                asDescribed(id, operation, answer);
            }
        }
    }

    /** The answer's status is described, and it has the members of the example of it. */
    private static void asDescribed(String id, Operation operation, HttpCalls.Answer answer) {
        JsonNode responses = operation.description().get("responses");
        assertThat(responses.has(Integer.toString(answer.status())))
                .as(id + " describes " + answer.status() + ": " + responses)
                .isTrue();
        JsonNode content = responses.get(Integer.toString(answer.status())).path("content");
        JsonNode media = content.path("application/json");
        for (JsonNode example :
                media.has("example") ? List.of(media.get("example")) : List.<JsonNode>of()) {
            hasMembersOf(id, example, answer.json());
        }
    }

    private static void hasMembersOf(String where, JsonNode example, JsonNode actual) {
        if (example.isObject()) {
            for (Map.Entry<String, JsonNode> member : example.properties()) {
                assertThat(actual.has(member.getKey()))
                        .as(where + "." + member.getKey() + " of " + actual)
                        .isTrue();
                if (member.getValue().isArray()) {
                    hasMembersOf(
                            where + "." + member.getKey(),
                            member.getValue(),
                            actual.get(member.getKey()));
                }
            }
        } else if (example.isArray() && !example.isEmpty()) {
            assertThat(actual.isArray() && !actual.isEmpty()).as(where).isTrue();
        }
    }

    /** A stream says nothing of records that were there before it, so one is stored then. */
    private static void streams(Operation operation) throws Exception {
        String path = operation.examplePath();
        String fromStart = path + (path.contains("?") ? "&" : "?") + "from=earliest";
        try (EventStream asWritten = EventStream.open(http, path, "");
                EventStream withRecords = EventStream.open(http, fromStart, "")) {
            assertThat(withRecords.next().data().get("topic").asString()).isEqualTo("quickstart");
            http.post("/api/v1/topics/quickstart/records", "{\"value\": \"later\"}").ok();
            assertThat(asWritten.next().data().get("value").asString()).isEqualTo("later");
        }
    }
}
