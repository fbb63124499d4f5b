package io.headrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;

/** A client of server-sent events. */
final class EventStream implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();

    private final BufferedReader reader;

    EventStream(RunningGateway gateway, String path, @Nullable String lastEventId)
            throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(gateway.uri(path));
        if (lastEventId != null) {
            request.header("Last-Event-ID", lastEventId);
        }
        HttpResponse<InputStream> response =
                gateway.http().send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type"))
                .hasValueSatisfying(t -> assertThat(t).startsWith("text/event-stream"));
        reader = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
    }

    record Event(String id, String name, JsonNode data) {}

    Event next() throws IOException {
        String id = "";
        String name = "";
        String data = "";
        while (true) {
            String line = reader.readLine();
            assertThat(line).as("the stream goes on").isNotNull();
            if (line.startsWith("id: ")) {
                id = line.substring(4);
            } else if (line.startsWith("event: ")) {
                name = line.substring(7);
            } else if (line.startsWith("data: ")) {
                data = line.substring(6);
            } else if (line.isEmpty() && !data.isEmpty()) {
                return new Event(id, name, JSON.readTree(data));
            }
        }
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
