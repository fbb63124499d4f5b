package io.headrace.coordinator.shard;

import io.headrace.transport.loop.Loop;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** Brings the log's answers to a shard's loop. */
final class Answers {
    private Answers() {}

    /** Hands the answer over on the loop, or null when none came and the outcome is unknown. */
    static <T> void deliver(
            CompletableFuture<T> answer, Loop loop, Consumer<@Nullable T> receiver) {
        answer.whenComplete(
                (value, failure) ->
                        loop.execute(() -> receiver.accept(failure == null ? value : null)));
    }
}
