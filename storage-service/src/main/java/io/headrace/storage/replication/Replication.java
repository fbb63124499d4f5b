package io.headrace.storage.replication;

import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.storage.replication.ReplicationEffect.BeginEpoch;
import io.headrace.storage.replication.ReplicationEffect.Lead;
import io.headrace.storage.replication.ReplicationEffect.MoveHighWatermark;
import io.headrace.storage.replication.ReplicationEffect.StopLeading;
import io.headrace.storage.replication.ReplicationEvent.EpochStarted;
import io.headrace.storage.replication.ReplicationEvent.FollowerFetched;
import io.headrace.storage.replication.ReplicationEvent.LogAdvanced;
import io.headrace.storage.replication.ReplicationEvent.LogFailed;
import io.headrace.storage.replication.ReplicationEvent.MetadataApplied;
import io.headrace.storage.replication.ReplicationState.Following;
import io.headrace.storage.replication.ReplicationState.Leading;
import io.headrace.storage.replication.ReplicationState.Offline;
import io.headrace.storage.replication.ReplicationState.Starting;
import io.headrace.storage.replication.ReplicationState.Unassigned;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The replication state machine of one partition on one node.
 *
 * <pre>
 *   Unassigned --metadata names this incarnation--> Starting --epoch durable--> Leading
 *       |                                              |                          |
 *       +--metadata names another--> Following <-------+--- metadata names another+
 *   any --directory fails--> Offline (until the process restarts)
 * </pre>
 *
 * <p>The high watermark is the lowest flushed offset in the ISR, this node's included, and moves
 * only while the ISR has {@code min(min.insync.replicas, replicas)} members. A follower counts only
 * while it fetches in the current leader epoch and with the node epoch that the ISR names
 * (KIP-903). Confined to the partition's owner loop.
 */
public final class Replication {
    private final int nodeId;
    private final Map<Integer, Follower> followers = new HashMap<>();
    private ReplicationState state = new Unassigned();
    private @Nullable PartitionImage image;
    private long nodeEpoch = -1;
    private long flushedOffset;
    private long logEndOffset;
    private long highWatermark;

    /** What a follower told in the current leader epoch. */
    private record Follower(long nodeEpoch, long fetchOffset, long flushedOffset) {}

    public Replication(int nodeId) {
        this.nodeId = nodeId;
    }

    public ReplicationState state() {
        return state;
    }

    public @Nullable PartitionImage image() {
        return image;
    }

    public long highWatermark() {
        return highWatermark;
    }

    /** Whether enough replicas are in sync for acks=all. */
    public boolean hasEnoughInSync() {
        PartitionImage current = image;
        return current != null && current.isr().size() >= minInSync(current);
    }

    /** Applies one event and answers what is to be done because of it. */
    public List<ReplicationEffect> step(ReplicationEvent event) {
        return switch (event) {
            case MetadataApplied applied -> onMetadata(applied);
            case EpochStarted started -> onEpochStarted(started);
            case LogAdvanced advanced -> {
                flushedOffset = advanced.flushedOffset();
                logEndOffset = advanced.logEndOffset();
                yield maybeMoveHighWatermark();
            }
            case FollowerFetched fetched -> onFetched(fetched);
            case LogFailed failed -> onFailed(failed);
        };
    }

    private List<ReplicationEffect> onMetadata(MetadataApplied applied) {
        PartitionImage before = image;
        PartitionImage after = applied.image();
        if (state instanceof Offline) {
            image = after;
            return List.of();
        }
        if (before != null && after.leaderEpoch() < before.leaderEpoch()) {
            throw new IllegalStateException(
                    "Leader epoch went back from "
                            + before.leaderEpoch()
                            + " to "
                            + after.leaderEpoch());
        }
        image = after;
        nodeEpoch = applied.nodeEpoch();
        highWatermark = Math.max(highWatermark, applied.highWatermark());
        boolean leads =
                after.leaderId() == nodeId
                        && nodeEpoch >= 0
                        && after.leaderNodeEpoch() == nodeEpoch;
        List<ReplicationEffect> effects = new ArrayList<>(2);
        int served = servedEpoch();
        if (leads && served == after.leaderEpoch()) {
            effects.addAll(maybeMoveHighWatermark()); // the ISR may have changed
            return effects;
        }
        if (state instanceof Leading leading) {
            effects.add(new StopLeading(leading.leaderEpoch()));
        }
        followers.clear();
        if (leads) {
            state = new Starting(after.leaderEpoch());
            effects.add(new BeginEpoch(after.leaderEpoch()));
        } else {
            int leaderId = after.leaderId() == nodeId ? -1 : after.leaderId();
            state = new Following(leaderId, after.leaderEpoch());
        }
        return effects;
    }

    /** The epoch in which this node leads or is about to, or -1. */
    private int servedEpoch() {
        return switch (state) {
            case Leading(int leaderEpoch) -> leaderEpoch;
            case Starting(int leaderEpoch) -> leaderEpoch;
            case Unassigned unassigned -> -1;
            case Following following -> -1;
            case Offline offline -> -1;
        };
    }

    private List<ReplicationEffect> onEpochStarted(EpochStarted started) {
        if (!(state instanceof Starting starting)
                || starting.leaderEpoch() != started.leaderEpoch()) {
            return List.of(); // overtaken by newer metadata
        }
        state = new Leading(started.leaderEpoch());
        flushedOffset = started.flushedOffset();
        logEndOffset = started.logEndOffset();
        List<ReplicationEffect> effects = new ArrayList<>(2);
        effects.add(new Lead(started.leaderEpoch()));
        effects.addAll(maybeMoveHighWatermark());
        return effects;
    }

    private List<ReplicationEffect> onFetched(FollowerFetched fetched) {
        if (!(state instanceof Leading leading) || leading.leaderEpoch() != fetched.leaderEpoch()) {
            return List.of();
        }
        Follower known = followers.get(fetched.nodeId());
        if (known != null && known.nodeEpoch() > fetched.nodeEpoch()) {
            return List.of(); // a stale incarnation counts for nothing
        }
        long flushed = Math.min(fetched.flushedOffset(), fetched.fetchOffset());
        followers.put(
                fetched.nodeId(),
                new Follower(fetched.nodeEpoch(), fetched.fetchOffset(), flushed));
        return maybeMoveHighWatermark();
    }

    private List<ReplicationEffect> onFailed(LogFailed failed) {
        ReplicationState before = state;
        state = new Offline(failed.reason());
        return before instanceof Leading leading
                ? List.of(new StopLeading(leading.leaderEpoch()))
                : List.of();
    }

    private List<ReplicationEffect> maybeMoveHighWatermark() {
        PartitionImage current = image;
        if (current == null || !(state instanceof Leading) || !hasEnoughInSync()) {
            return List.of();
        }
        long committed = flushedOffset;
        for (IsrMember member : current.isr()) {
            if (member.nodeId() != nodeId) {
                committed = Math.min(committed, flushedOf(member));
            }
        }
        if (committed <= highWatermark) {
            return List.of();
        }
        if (committed > logEndOffset) {
            throw new IllegalStateException(
                    "Committed " + committed + " lies above the log end " + logEndOffset);
        }
        highWatermark = committed;
        return List.of(new MoveHighWatermark(committed));
    }

    private long flushedOf(IsrMember member) {
        Follower follower = followers.get(member.nodeId());
        return follower == null || follower.nodeEpoch() != member.nodeEpoch()
                ? -1
                : follower.flushedOffset();
    }

    private static int minInSync(PartitionImage image) {
        return Math.min(image.minInSyncReplicas(), image.assignedReplicas().size());
    }
}
