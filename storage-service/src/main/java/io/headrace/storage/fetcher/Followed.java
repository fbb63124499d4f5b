package io.headrace.storage.fetcher;

import io.headrace.protocol.codec.PrivateFields;
import io.headrace.storage.partition.FollowPoint;
import io.headrace.storage.partition.Partition;

import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.jspecify.annotations.Nullable;

/** One partition of a fetch loop, and what the leader's session knows of it. */
final class Followed {
    private static final long FIRST_PAUSE_MS = 20;
    private static final long LONGEST_PAUSE_MS = 1_000;

    private final Partition partition;
    private final long sinceReport;
    private long sinceFetch;
    private @Nullable FollowPoint told;
    private long pauseMs;
    private boolean paused;

    /**
     * @param sinceFetch the number of the first fetch whose answer counts
     * @param sinceReport the number of the first report whose answer counts
     */
    Followed(Partition partition, long sinceFetch, long sinceReport) {
        this.partition = partition;
        this.sinceFetch = sinceFetch;
        this.sinceReport = sinceReport;
    }

    Partition partition() {
        return partition;
    }

    /** Whether the answer to that fetch is about this partition as it is followed now. */
    boolean counts(long fetch) {
        return fetch >= sinceFetch;
    }

    /** As {@link #counts}, for the answer to a report. */
    boolean countsReport(long report) {
        return report >= sinceReport;
    }

    /** The log was cut: only the answer to that fetch or a later one counts. */
    void onMoved(long nextFetch) {
        FollowPoint known = told;
        FollowPoint now = partition.follower().point();
        if (known != null && now != null && now.fetchOffset() < known.fetchOffset()) {
            sinceFetch = nextFetch;
        }
    }

    /** What the leader's session was told last, or null while it does not know the partition. */
    @Nullable FollowPoint told() {
        return told;
    }

    void forget() {
        told = null;
    }

    /** From where to go on, or null while there is nothing to ask. */
    @Nullable FollowPoint point() {
        return paused ? null : partition.follower().point();
    }

    FetchPartition tell(FollowPoint point, int maxBytes) {
        told = point;
        FetchPartition asked =
                new FetchPartition()
                        .setPartition(partition.id().partition())
                        .setCurrentLeaderEpoch(point.leaderEpoch())
                        .setFetchOffset(point.fetchOffset())
                        .setLastFetchedEpoch(point.lastFetchedEpoch())
                        .setLogStartOffset(point.logStartOffset())
                        .setPartitionMaxBytes(maxBytes);
        PrivateFields.addLong(asked, PrivateFields.FLUSHED_OFFSET, point.flushedOffset());
        PrivateFields.addInt(asked, PrivateFields.LEADER_CHECK, point.heardCheck());
        return asked;
    }

    /** Asks nothing for a while, longer each time; answers how long. */
    long pause() {
        paused = true;
        pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, 2 * pauseMs));
        return pauseMs;
    }

    /** Asks nothing until it goes on. */
    void hold() {
        paused = true;
    }

    void goOn() {
        paused = false;
    }

    void onGoodAnswer() {
        pauseMs = 0;
    }
}
