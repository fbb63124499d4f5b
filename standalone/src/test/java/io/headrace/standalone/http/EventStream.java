package io.headrace.standalone.http;

import static org.assertj.core.api.Assertions.assertThat;

import tools.jackson.databind.JsonNode;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.StringJoiner;

/** A reader of server-sent events, by the rules of the HTML standard. */
final class EventStream implements AutoCloseable {
    private final BufferedReader reader;

    private static final long PATIENCE_NANOS = 40_000_000_000L;

    /** One event with data. */
    record Event(String id, String name, JsonNode data) {}

    private EventStream(InputStream body) {
        reader = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
    }

    /**
     * @param lastEventId resumes after that event; empty to begin where the path says
     */
    static EventStream open(HttpCalls calls, String path, String lastEventId)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = calls.request(path).header("Accept", "text/event-stream");
        if (!lastEventId.isEmpty()) {
            request.header("Last-Event-ID", lastEventId);
        }
        HttpResponse<InputStream> response =
                calls.client().send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type").orElse(""))
                .startsWith("text/event-stream");
        return new EventStream(response.body());
    }

    Event next() throws IOException {
        String id = "";
        String name = "message";
        StringJoiner data = new StringJoiner("\n");
        data.setEmptyValue("");
        long begunNanos = System.nanoTime();
        while (true) {
            String line = reader.readLine();
            assertThat(line).as("the stream goes on").isNotNull();
            // Comments keep a silent stream alive, so this is seen also when no event comes.
            assertThat(System.nanoTime() - begunNanos).as("wait").isLessThan(PATIENCE_NANOS);
            if (line.startsWith("id: ")) {
                id = line.substring(4);
            } else if (line.startsWith("event: ")) {
                name = line.substring(7);
            } else if (line.startsWith("data: ")) {
                data.add(line.substring(6));
            } else if (line.isEmpty() && data.length() > 0) {
                return new Event(id, name, HttpCalls.JSON.readTree(data.toString()));
            }
        }
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
