package io.headrace.coordinator.shard;

import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Requests that came while a shard was being taken over, which takes a few milliseconds mostly:
 * they wait for it, so many and so long at most. Confined to the shard's loop.
 */
final class EarlyCalls {
    private final Loop loop;
    private final LongSupplier clockMs;
    private final ShardProperties properties;
    private final ErrorReplies errors;

    /** Oldest first. */
    private final Deque<Early> waiting = new ArrayDeque<>();

    private record Early(ShardCall call, long sinceMs) {}

    EarlyCalls(Loop loop, LongSupplier clockMs, ShardProperties properties, ErrorReplies errors) {
        this.loop = loop;
        this.clockMs = clockMs;
        this.properties = properties;
        this.errors = errors;
    }

    /** Has a request wait; false if too many do. */
    boolean add(ShardCall call) {
        if (waiting.size() >= properties.maxWaitingRequests()) {
            return false;
        }
        if (waiting.isEmpty()) {
            loop.schedule(this::expire, properties.loadWaitMs());
        }
        waiting.add(new Early(call, clockMs.getAsLong()));
        return true;
    }

    /** Its client is gone. */
    @SuppressWarnings("ReferenceEquality") // That very call is meant, not one that asks the same.
    void remove(ShardCall call) {
        waiting.removeIf(early -> early.call() == call);
    }

    /** All that wait, in the order they came; they wait here no longer. */
    List<ShardCall> take() {
        List<ShardCall> calls = waiting.stream().map(Early::call).toList();
        waiting.clear();
        return calls;
    }

    /** The take-over is slow: who has waited long enough is told to try again. */
    private void expire() {
        long beforeMs = clockMs.getAsLong() - properties.loadWaitMs();
        Early oldest = waiting.peek();
        while (oldest != null && oldest.sinceMs() <= beforeMs) {
            waiting.remove();
            oldest.call().refuse(errors, Errors.COORDINATOR_LOAD_IN_PROGRESS);
            oldest = waiting.peek();
        }
        if (oldest != null) {
            loop.schedule(this::expire, oldest.sinceMs() - beforeMs);
        }
    }
}
