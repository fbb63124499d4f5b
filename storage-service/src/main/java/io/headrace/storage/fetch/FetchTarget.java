package io.headrace.storage.fetch;

import io.headrace.protocol.codec.PrivateFields;

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
    private long flushedOffset = -1;
    private int heardCheck = -1;
    private int sentCheck = -1;
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

    /**
     * @param isReplica whether a replica asks, which tells more
     */
    FetchTarget(Key key, FetchPartition asked, boolean isReplica) {
        this.key = key;
        update(asked, isReplica);
    }

    private FetchTarget(FetchTarget other) {
        this.key = other.key;
        this.fetchOffset = other.fetchOffset;
        this.currentLeaderEpoch = other.currentLeaderEpoch;
        this.lastFetchedEpoch = other.lastFetchedEpoch;
        this.maxBytes = other.maxBytes;
        this.flushedOffset = other.flushedOffset;
        this.heardCheck = other.heardCheck;
        this.sentCheck = other.sentCheck;
        this.sentHighWatermark = other.sentHighWatermark;
    }

    void update(FetchPartition asked, boolean isReplica) {
        fetchOffset = asked.fetchOffset();
        currentLeaderEpoch = asked.currentLeaderEpoch();
        lastFetchedEpoch = asked.lastFetchedEpoch();
        maxBytes = asked.partitionMaxBytes();
        if (isReplica) {
            flushedOffset = PrivateFields.getLong(asked, PrivateFields.FLUSHED_OFFSET, -1);
            heardCheck = PrivateFields.getInt(asked, PrivateFields.LEADER_CHECK, -1);
        }
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

    /** What the asking replica has flushed, or -1. */
    long flushedOffset() {
        return flushedOffset;
    }

    /** The newest check that the asking replica heard of, or -1. */
    int heardCheck() {
        return heardCheck;
    }

    /** Whether the replica does not know the high watermark or the newest check yet. */
    boolean isBehind(long highWatermark, int leaderCheck) {
        return highWatermark != sentHighWatermark || leaderCheck != sentCheck;
    }

    /** Whether the client of the session needs to hear this, which then counts as told. */
    boolean toBeTold(
            boolean hasNews,
            boolean error,
            long highWatermark,
            long logStartOffset,
            int leaderCheck) {
        boolean told =
                hasNews
                        || error
                        || sentError
                        || leaderCheck != sentCheck
                        || highWatermark != sentHighWatermark
                        || logStartOffset != sentLogStartOffset;
        if (told) {
            sentError = error;
            sentHighWatermark = highWatermark;
            sentLogStartOffset = logStartOffset;
            sentCheck = leaderCheck;
        }
        return told;
    }
}
