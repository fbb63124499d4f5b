package io.headrace.coordinator.transaction;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** One deadline for each of many things. Confined to the shard's core. */
final class Deadlines {
    private final Map<Key, Long> byKey = new HashMap<>();
    private final TreeMap<Long, Set<Key>> byTime = new TreeMap<>();

    /** What a deadline is for. */
    enum Kind {
        /** A transaction must be ended by its producer. */
        TIMEOUT,
        /** Markers that failed are written again. */
        MARKERS,
        /** A request has waited long enough for the transaction before. */
        HELD,
        /** Ids are looked at for expiry. */
        EXPIRY
    }

    /**
     * Names a deadline.
     *
     * @param transactionalId empty for {@link Kind#EXPIRY}
     */
    record Key(Kind kind, String transactionalId) {}

    void schedule(Kind kind, String transactionalId, long atMs) {
        Key key = new Key(kind, transactionalId);
        Long before = byKey.put(key, atMs);
        if (before == null || before != atMs) {
            if (before != null) {
                remove(key, before);
            }
            byTime.computeIfAbsent(atMs, time -> new LinkedHashSet<>()).add(key);
        }
    }

    void cancel(Kind kind, String transactionalId) {
        Key key = new Key(kind, transactionalId);
        Long before = byKey.remove(key);
        if (before != null) {
            remove(key, before);
        }
    }

    private void remove(Key key, long atMs) {
        Set<Key> keys = byTime.get(atMs);
        if (keys != null && keys.remove(key) && keys.isEmpty()) {
            byTime.remove(atMs);
        }
    }

    /** The earliest deadline, or {@link Long#MAX_VALUE}. */
    long nextMs() {
        return byTime.isEmpty() ? Long.MAX_VALUE : byTime.firstKey();
    }

    /** Takes what is due, or null when nothing is. */
    @Nullable Key poll(long nowMs) {
        if (nextMs() > nowMs) {
            return null;
        }
        Key key = byTime.firstEntry().getValue().iterator().next();
        cancel(key.kind(), key.transactionalId());
        return key;
    }
}
