package io.headrace.coordinator.handler.group;

import io.headrace.coordinator.shard.ShardCall;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** The requests that came over each link and are not answered yet. Thread-safe. */
final class ParkedCalls {
    private final Map<Long, Map<Long, Parked>> byLink = new ConcurrentHashMap<>();
    private final AtomicLong lastId = new AtomicLong();

    /** A request at its shard. */
    record Parked(int shard, ShardCall call) {}

    /** An id for a request that is about to be parked. */
    long nextId() {
        return lastId.incrementAndGet();
    }

    void add(long linkId, long id, Parked parked) {
        byLink.compute(
                linkId,
                (link, calls) -> {
                    Map<Long, Parked> open = calls == null ? new ConcurrentHashMap<>() : calls;
                    open.put(id, parked);
                    return open;
                });
    }

    void remove(long linkId, long id) {
        byLink.computeIfPresent(
                linkId,
                (link, calls) -> {
                    calls.remove(id);
                    return calls.isEmpty() ? null : calls;
                });
    }

    /** Takes all that a link has open. */
    Iterable<Parked> removeLink(long linkId) {
        Map<Long, Parked> calls = byLink.remove(linkId);
        return calls == null ? List.of() : calls.values();
    }
}
