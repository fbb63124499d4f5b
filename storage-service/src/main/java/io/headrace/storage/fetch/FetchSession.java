package io.headrace.storage.fetch;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A fetch session (KIP-227): the partitions a client fetches, kept between its fetches. */
final class FetchSession {
    private final int sessionId;
    private final boolean usesTopicIds;
    private final Map<FetchTarget.Key, FetchTarget> targets = new LinkedHashMap<>();
    private int nextEpoch = 1;
    private long lastUsedMs;
    private @Nullable FetchOperation latest;

    FetchSession(int sessionId, boolean usesTopicIds, long nowMs) {
        this.sessionId = sessionId;
        this.usesTopicIds = usesTopicIds;
        this.lastUsedMs = nowMs;
    }

    int sessionId() {
        return sessionId;
    }

    boolean usesTopicIds() {
        return usesTopicIds;
    }

    int nextEpoch() {
        return nextEpoch;
    }

    long lastUsedMs() {
        return lastUsedMs;
    }

    Map<FetchTarget.Key, FetchTarget> targets() {
        return targets;
    }

    /** A fetch in the expected epoch was accepted. */
    void advance(long nowMs) {
        nextEpoch = nextEpoch == Integer.MAX_VALUE ? 1 : nextEpoch + 1;
        lastUsedMs = nowMs;
    }

    /** A fetch on this session begins; answers the one before it, if there was one. */
    @Nullable FetchOperation replaceLatest(FetchOperation next) {
        FetchOperation before = latest;
        latest = next;
        return before;
    }

    /** A fetch on this session was answered. */
    void onAnswered(FetchOperation operation) {
        if (latest == operation) {
            latest = null;
        }
    }

    List<FetchTarget> snapshot() {
        List<FetchTarget> all = new ArrayList<>(targets.size());
        for (FetchTarget target : targets.values()) {
            all.add(target.snapshot());
        }
        return all;
    }

    /** Partitions that were answered with data go last next time, so that none is starved. */
    void rotate(Collection<FetchTarget.Key> answered) {
        for (FetchTarget.Key key : answered) {
            FetchTarget target = targets.remove(key);
            if (target != null) {
                targets.put(key, target);
            }
        }
    }
}
