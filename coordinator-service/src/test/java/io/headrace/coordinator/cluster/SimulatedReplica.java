package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.PartitionImage.IsrMember;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A replica's log and, while it leads, what it knows of its followers. */
final class SimulatedReplica {
    /** One record: the leader epoch that wrote it, and what it says. */
    record Entry(int leaderEpoch, long value) {}

    /** How far a follower's incarnation has fetched. */
    record Fetched(long nodeEpoch, int endOffset) {}

    final List<Entry> log = new ArrayList<>();
    final Map<Integer, Fetched> followers = new HashMap<>();
    final Set<IsrMember> proposed = new HashSet<>();
    int proposedAt = -1;
    int ledEpoch = -1;
    int epochStart;
    int highWatermark;

    /** Begins to lead in an epoch, unless it does so already; forgets a proposal overtaken. */
    void lead(int leaderEpoch, int partitionEpoch) {
        if (ledEpoch != leaderEpoch) {
            ledEpoch = leaderEpoch;
            epochStart = log.size();
            followers.clear();
            proposed.clear();
        }
        if (partitionEpoch > proposedAt) {
            proposed.clear();
        }
    }

    /** Takes what a leader has: cuts what differs, then copies at most that many records. */
    void follow(SimulatedReplica leader, int atMost) {
        int common = 0;
        while (common < Math.min(log.size(), leader.log.size())
                && log.get(common).equals(leader.log.get(common))) {
            common++;
        }
        log.subList(common, log.size()).clear();
        int to = Math.min(leader.log.size(), common + atMost);
        log.addAll(leader.log.subList(common, to));
        ledEpoch = -1;
    }

    int lastEpoch() {
        return log.isEmpty() ? -1 : log.getLast().leaderEpoch();
    }
}
