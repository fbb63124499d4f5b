package io.headrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.net.URI;
import java.net.http.WebSocket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A WebSocket client that keeps what it is told. */
final class StreamClient implements WebSocket.Listener, AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();
    private final BlockingQueue<JsonNode> frames = new LinkedBlockingQueue<>();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final StringBuilder partial = new StringBuilder();
    private final WebSocket socket;

    StreamClient(RunningGateway gateway) {
        socket =
                gateway.http()
                        .newWebSocketBuilder()
                        .buildAsync(
                                URI.create("ws://127.0.0.1:" + gateway.port() + "/api/v1/ws"), this)
                        .join();
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
        partial.append(text);
        if (last) {
            frames.add(JSON.readTree(partial.toString()));
            partial.setLength(0);
        }
        from.request(1);
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
        closed.complete(code);
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
        closed.complete(-1);
    }

    /** What came and was not taken yet. */
    BlockingQueue<JsonNode> frames() {
        return frames;
    }

    WebSocket socket() {
        return socket;
    }

    /** The code that the server closed with; -1 when the connection broke. */
    CompletableFuture<Integer> closed() {
        return closed;
    }

    void say(String frame) {
        socket.sendText(frame.replace('\'', '"'), true).join();
    }

    /** The next frame of that kind; heartbeats and the others before it are passed over. */
    JsonNode next(String op) throws InterruptedException {
        while (true) {
            JsonNode frame = frames.poll(10, TimeUnit.SECONDS);
            assertThat(frame).as("a frame " + op).isNotNull();
            if (frame.get("op").asString().equals(op)) {
                return frame;
            }
            assertThat(frame.get("op").asString())
                    .as(frame.toString())
                    .isIn("hello", "heartbeat", "changed");
        }
    }

    @Override
    public void close() {
        socket.abort();
    }
}
