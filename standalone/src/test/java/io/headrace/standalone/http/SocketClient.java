package io.headrace.standalone.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.net.URI;
import java.net.http.WebSocket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A client of the WebSocket that keeps what it is told. */
final class SocketClient implements WebSocket.Listener, AutoCloseable {
    /** The code of a connection that broke without a close frame. */
    static final int BROKEN = -1;

    private final BlockingQueue<JsonNode> frames = new LinkedBlockingQueue<>();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final StringBuilder partial = new StringBuilder();
    private final WebSocket socket;

    SocketClient(HttpCalls calls, String url) {
        socket =
                calls.client()
                        .newWebSocketBuilder()
                        .buildAsync(URI.create(url + "/api/v1/ws"), this)
                        .join();
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
        partial.append(text);
        if (last) {
            frames.add(HttpCalls.JSON.readTree(partial.toString()));
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
        closed.complete(BROKEN);
    }

    WebSocket socket() {
        return socket;
    }

    /** The code that the server closed with. */
    int closeCode() throws Exception {
        return closed.get(20, TimeUnit.SECONDS);
    }

    /** Sends a frame; {@code '} stands for {@code "}. */
    void say(String frame) {
        socket.sendText(frame.replace('\'', '"'), true).join();
    }

    /** The next frame that is no heartbeat. */
    JsonNode next() throws InterruptedException {
        while (true) {
            JsonNode frame = frames.poll(30, TimeUnit.SECONDS);
            assertThat(frame).as("a frame in time").isNotNull();
            if (!op(frame).equals("heartbeat")) {
                return frame;
            }
        }
    }

    /** The next frame, which must be of that kind. */
    JsonNode next(String op) throws InterruptedException {
        JsonNode frame = next();
        assertThat(op(frame)).as(frame.toString()).isEqualTo(op);
        return frame;
    }

    static String op(JsonNode frame) {
        return frame.get("op").asString();
    }

    @Override
    public void close() {
        socket.abort();
    }
}
