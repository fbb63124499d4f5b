package io.headrace.storage.fetch;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;

/**
 * One partition that a fetch is about, and what the client and the session know of it. Confined to
 * its fetch or to the loop of its session.
 */
final class FetchTarget {
    private static final long NEVER_SENT = Long.MIN_VALUE;

    private final Key key;
    private long fetchOffset;
    private int currentLeaderEpoch;
    private int lastFetchedEpoch;
    private int maxBytes;
    private long sentHighWatermark = NEVER_SENT;
    private long sentLogStartOffset = NEVER_SENT;
    private boolean sentError;

    /**
     * Names a partition as the client does.
     *
     * @param topic its name; empty when the client uses ids
     * @param topicId its id; zero when the client uses names
     */
    record Key(String topic, Uuid topicId, int partition) {}

    FetchTarget(Key key, FetchPartition asked) {
        this.key = key;
        update(asked);
    }

    private FetchTarget(FetchTarget other) {
        this.key = other.key;
        this.fetchOffset = other.fetchOffset;
        this.currentLeaderEpoch = other.currentLeaderEpoch;
        this.lastFetchedEpoch = other.lastFetchedEpoch;
        this.maxBytes = other.maxBytes;
    }

    void update(FetchPartition asked) {
        fetchOffset = asked.fetchOffset();
        currentLeaderEpoch = asked.currentLeaderEpoch();
        lastFetchedEpoch = asked.lastFetchedEpoch();
        maxBytes = asked.partitionMaxBytes();
    }

    /** What this fetch asks, apart from the session, which later fetches change. */
    FetchTarget snapshot() {
        return new FetchTarget(this);
    }

    Key key() {
        return key;
    }

    long fetchOffset() {
        return fetchOffset;
    }

    int currentLeaderEpoch() {
        return currentLeaderEpoch;
    }

    int lastFetchedEpoch() {
        return lastFetchedEpoch;
    }

    int maxBytes() {
        return maxBytes;
    }

    /** Whether the client of the session needs to hear this, which then counts as told. */
    boolean toBeTold(boolean hasNews, boolean error, long highWatermark, long logStartOffset) {
        boolean told =
                hasNews
                        || error
                        || sentError
                        || highWatermark != sentHighWatermark
                        || logStartOffset != sentLogStartOffset;
        if (told) {
            sentError = error;
            sentHighWatermark = highWatermark;
            sentLogStartOffset = logStartOffset;
        }
        return told;
    }
}
