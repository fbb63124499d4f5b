package io.headrace.gateway.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

class SocketConnectionTest {
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final SocketConnection connection = new SocketConnection(channel);
    private final List<String> seen = new ArrayList<>();

    @AfterEach
    void end() {
        channel.finishAndReleaseAll();
    }

    private void send(String text) {
        connection.send(
                ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)),
                failure -> seen.add(failure == null ? "sent " + text : "lost " + text));
    }

    private @Nullable String nextFrame() {
        TextWebSocketFrame frame = channel.readOutbound();
        if (frame == null) {
            return null;
        }
        try {
            return frame.text();
        } finally {
            frame.release();
        }
    }

    @Test
    void stepsAreDoneInTheirOrderAndNotAtOnce() {
        connection.execute(() -> seen.add("first"));
        connection.execute(
                () -> {
                    connection.execute(() -> seen.add("third"));
                    seen.add("second");
                });
        assertThat(seen).isEmpty();
        channel.runPendingTasks();
        assertThat(seen).containsExactly("first", "second", "third");
    }

    @Test
    void framesLeaveInTheirOrderAndAreSentWhenTheSocketHasThem() {
        send("a");
        send("b");
        channel.runPendingTasks();
        assertThat(seen).containsExactly("sent a", "sent b");
        assertThat(nextFrame()).isEqualTo("a");
        assertThat(nextFrame()).isEqualTo("b");
        assertThat(nextFrame()).isNull();
    }

    @Test
    void aFrameBehindTheEndIsSaidToBeLost() {
        connection.cutOff();
        channel.runPendingTasks();
        assertThat(channel.isOpen()).isFalse();
        send("late");
        assertThat(seen).containsExactly("lost late");
    }

    @Test
    void aStepThatFailsEndsTheConnection() {
        connection.execute(
                () -> {
                    throw new IllegalStateException("A bug");
                });
        channel.runPendingTasks();
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void timersEndWithTheSession() {
        channel.freezeTime();
        connection.repeat(() -> seen.add("beat"), 10);
        connection.schedule(() -> seen.add("late"), TimeUnit.MILLISECONDS.toNanos(35));
        channel.advanceTimeBy(21, TimeUnit.MILLISECONDS);
        channel.runPendingTasks();
        assertThat(seen).containsExactly("beat", "beat");
        connection.end();
        channel.advanceTimeBy(100, TimeUnit.MILLISECONDS);
        channel.runPendingTasks();
        assertThat(seen).containsExactly("beat", "beat");
    }
}
