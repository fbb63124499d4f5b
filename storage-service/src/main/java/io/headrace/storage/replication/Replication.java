package io.headrace.storage.replication;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.storage.replication.ReplicationEffect.BeginEpoch;
import io.headrace.storage.replication.ReplicationEffect.Follow;
import io.headrace.storage.replication.ReplicationEffect.Lead;
import io.headrace.storage.replication.ReplicationEffect.MoveHighWatermark;
import io.headrace.storage.replication.ReplicationEffect.ProposeIsr;
import io.headrace.storage.replication.ReplicationEffect.StopLeading;
import io.headrace.storage.replication.ReplicationEvent.EpochStarted;
import io.headrace.storage.replication.ReplicationEvent.FollowerFetched;
import io.headrace.storage.replication.ReplicationEvent.IsrDecided;
import io.headrace.storage.replication.ReplicationEvent.LogAdvanced;
import io.headrace.storage.replication.ReplicationEvent.LogFailed;
import io.headrace.storage.replication.ReplicationEvent.MetadataApplied;
import io.headrace.storage.replication.ReplicationEvent.Tick;
import io.headrace.storage.replication.ReplicationState.Following;
import io.headrace.storage.replication.ReplicationState.Leading;
import io.headrace.storage.replication.ReplicationState.Offline;
import io.headrace.storage.replication.ReplicationState.Starting;
import io.headrace.storage.replication.ReplicationState.Unassigned;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

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
 * <p>The leader keeps two in-sync sets: the committed one, and the maximal one: what is committed,
 * and every incarnation that it proposed since and whose refusal is not certain. A removal counts
 * only once it is committed. The high watermark is the lowest flushed offset in the maximal set,
 * this node's included, and moves only while the committed set has {@code min(min.insync.replicas,
 * replicas)} members (KIP-966). A follower counts only while it fetches in the current leader epoch
 * and with the node epoch that the set names (KIP-903). So a deposed leader commits nothing: its
 * successor is in its maximal set and no longer fetches in its epoch.
 *
 * <p>Confined to the partition's owner loop.
 */
public final class Replication {
    private final int nodeId;
    private final long maxLagMs;
    private final Map<Integer, Follower> followers = new HashMap<>(0);
    private final Set<IsrMember> uncertain = new HashSet<>(0);
    private int uncertainAtEpoch;
    private ReplicationState state = new Unassigned();
    private @Nullable PartitionImage image;
    private @Nullable ProposeIsr proposal;
    private long nodeEpoch = -1;
    private long epochStartOffset;
    private long flushedOffset;
    private long logEndOffset;
    private long highWatermark;
    private int lastCheck;
    private boolean refusedLately;

    /**
     * @param maxLagMs how long a follower may be behind before it leaves the in-sync set ({@code
     *     replica.lag.time.max.ms})
     */
    public Replication(int nodeId, long maxLagMs) {
        this.nodeId = nodeId;
        this.maxLagMs = maxLagMs;
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

    /** Whether the follower is in the committed in-sync set, and how far it has come, or -1. */
    public long inSyncOffsetOf(int follower) {
        PartitionImage current = image;
        if (current != null) {
            for (IsrMember member : current.isr()) {
                if (member.nodeId() == follower) {
                    return flushedOf(member);
                }
            }
        }
        return -1;
    }

    /** Whether the node is in the maximal in-sync set, so that the high watermark waits for it. */
    public boolean mayBeInSync(int follower) {
        PartitionImage current = image;
        ProposeIsr asked = proposal;
        return (current != null && isMember(current.isr(), follower))
                || (asked != null && isMember(asked.isr(), follower))
                || isMember(uncertain, follower);
    }

    private static boolean isMember(Collection<IsrMember> isr, int nodeId) {
        return isr.stream().anyMatch(member -> member.nodeId() == nodeId);
    }

    /**
     * Begins a check that no newer leader has been elected: it has passed once every other member
     * of the maximal in-sync set has heard of it, from an answer to a fetch, and fetched again in
     * this leader epoch.
     *
     * @return the number that answers to followers carry
     */
    public int startCheck() {
        return ++lastCheck;
    }

    /** The newest check, which answers to followers carry. */
    public int lastCheck() {
        return lastCheck;
    }

    /** The newest check that has passed; with nobody else in sync, each has at once. */
    public int passedCheck() {
        PartitionImage current = image;
        if (current == null || !(state instanceof Leading)) {
            return -1;
        }
        int passed = lastCheck;
        for (IsrMember member : maximalIsr(current)) {
            if (member.nodeId() != nodeId) {
                Follower follower = followers.get(member.nodeId());
                if (follower == null || follower.nodeEpoch() != member.nodeEpoch()) {
                    return -1;
                }
                passed = Math.min(passed, follower.heardCheck());
            }
        }
        return passed;
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
            case IsrDecided decided -> onIsrDecided(decided);
            case Tick tick -> onTick(tick);
            case LogFailed failed -> onFailed(failed);
        };
    }

    private List<ReplicationEffect> onMetadata(MetadataApplied applied) {
        PartitionImage before = image;
        PartitionImage after = applied.image();
        if (before != null && after.leaderEpoch() < before.leaderEpoch()) {
            throw new IllegalStateException(
                    "Leader epoch went back from "
                            + before.leaderEpoch()
                            + " to "
                            + after.leaderEpoch());
        }
        if (before == null || after.partitionEpoch() >= before.partitionEpoch()) {
            image = after;
            onPartitionEpoch(after.partitionEpoch());
        } else {
            after = before; // older than what the controller answered
        }
        if (state instanceof Offline) {
            return List.of();
        }
        boolean wasRegistered = nodeEpoch >= 0;
        nodeEpoch = applied.nodeEpoch();
        boolean leads =
                after.leaderId() == nodeId
                        && nodeEpoch >= 0
                        && after.leaderNodeEpoch() == nodeEpoch;
        if (leads && servedEpoch() == after.leaderEpoch()) {
            return maybeMoveHighWatermark(); // the in-sync set may have changed
        }
        List<ReplicationEffect> effects = new ArrayList<>(2);
        if (state instanceof Leading leading) {
            effects.add(new StopLeading(leading.leaderEpoch()));
        }
        followers.clear();
        proposal = null;
        uncertain.clear();
        if (leads) {
            state = new Starting(after.leaderEpoch());
            effects.add(new BeginEpoch(after.leaderEpoch()));
            return effects;
        }
        int leaderId = after.leaderId() == nodeId || nodeEpoch < 0 ? -1 : after.leaderId();
        Following following = new Following(leaderId, after.leaderEpoch());
        if (!following.equals(state) || !wasRegistered) {
            state = following;
            effects.add(new Follow(leaderId, after.leaderEpoch()));
        }
        return effects;
    }

    /** What was proposed on top of an older partition epoch can no longer be committed. */
    private void onPartitionEpoch(int partitionEpoch) {
        ProposeIsr asked = proposal;
        if (asked != null && asked.partitionEpoch() < partitionEpoch) {
            proposal = null;
        }
        if (uncertainAtEpoch < partitionEpoch) {
            uncertain.clear();
        }
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
        epochStartOffset = started.logEndOffset();
        highWatermark = started.highWatermark();
        lastCheck = 0;
        PartitionImage current = image;
        if (current != null) {
            for (IsrMember member : current.isr()) {
                followers.put(member.nodeId(), new Follower(member.nodeEpoch(), started.nowMs()));
            }
        }
        List<ReplicationEffect> effects = new ArrayList<>(2);
        effects.add(new Lead(started.leaderEpoch()));
        effects.addAll(maybeMoveHighWatermark());
        return effects;
    }

    private List<ReplicationEffect> onFetched(FollowerFetched fetched) {
        PartitionImage current = image;
        if (current == null
                || !(state instanceof Leading leading)
                || leading.leaderEpoch() != fetched.leaderEpoch()
                || fetched.nodeEpoch() < 0
                || !current.assignedReplicas().contains(fetched.nodeId())) {
            return List.of();
        }
        Follower follower = followers.get(fetched.nodeId());
        if (follower != null && follower.nodeEpoch() > fetched.nodeEpoch()) {
            return List.of(); // a stale incarnation counts for nothing
        }
        if (follower == null || follower.nodeEpoch() < fetched.nodeEpoch()) {
            follower = new Follower(fetched.nodeEpoch(), fetched.nowMs());
            followers.put(fetched.nodeId(), follower);
        }
        long flushed = Math.min(fetched.flushedOffset(), fetched.fetchOffset());
        follower.onFetch(flushed, fetched.heardCheck(), logEndOffset, fetched.nowMs());
        List<ReplicationEffect> moved = maybeMoveHighWatermark();
        if (!fetched.active() || proposal != null || refusedLately) {
            return moved;
        }
        IsrMember member = new IsrMember(fetched.nodeId(), fetched.nodeEpoch());
        boolean enters =
                !current.isr().contains(member)
                        && flushed >= highWatermark
                        && flushed >= epochStartOffset;
        if (!enters) {
            return moved;
        }
        List<IsrMember> wider = new ArrayList<>(current.isr().size() + 1);
        for (IsrMember known : current.isr()) {
            if (known.nodeId() != member.nodeId()) {
                wider.add(known);
            }
        }
        wider.add(member);
        List<ReplicationEffect> effects = new ArrayList<>(moved);
        effects.add(propose(leading.leaderEpoch(), current.partitionEpoch(), wider));
        return effects;
    }

    private ProposeIsr propose(int leaderEpoch, int partitionEpoch, List<IsrMember> isr) {
        ProposeIsr asked = new ProposeIsr(leaderEpoch, partitionEpoch, List.copyOf(isr));
        proposal = asked;
        return asked;
    }

    private List<ReplicationEffect> onIsrDecided(IsrDecided decided) {
        ProposeIsr asked = proposal;
        PartitionImage current = image;
        if (asked == null
                || current == null
                || asked.leaderEpoch() != decided.leaderEpoch()
                || asked.partitionEpoch() != decided.partitionEpoch()) {
            return List.of(); // the metadata was quicker
        }
        switch (decided.verdict()) {
            case COMMITTED -> {
                image = current.withIsr(asked.isr(), decided.newPartitionEpoch());
                proposal = null;
                uncertain.clear();
            }
            case REFUSED -> {
                proposal = null;
                refusedLately = true;
            }
            case UNCERTAIN -> {
                uncertain.addAll(asked.isr());
                uncertainAtEpoch = asked.partitionEpoch();
                proposal = null;
                refusedLately = true;
            }
            case OUT_OF_DATE -> {
                // What was committed instead comes with the metadata; until then nothing is sure.
            }
        }
        return maybeMoveHighWatermark();
    }

    /** Whether the mere passing of time may change something here, as ticks tell it. */
    public boolean watchesTime() {
        PartitionImage current = image;
        return state instanceof Leading
                && current != null
                && (proposal != null || !uncertain.isEmpty() || !isAlone(current.isr()));
    }

    private boolean isAlone(List<IsrMember> isr) {
        return isr.size() == 1 && isr.getFirst().nodeId() == nodeId;
    }

    private List<ReplicationEffect> onTick(Tick tick) {
        refusedLately = false;
        PartitionImage current = image;
        if (!(state instanceof Leading leading) || current == null || proposal != null) {
            return List.of();
        }
        List<IsrMember> kept = stillInSync(current.isr(), tick);
        if (kept.size() == current.isr().size() && uncertain.isEmpty()) {
            return List.of();
        }
        // Also without a change: its commit shows that nothing uncertain can be committed any more.
        return List.of(propose(leading.leaderEpoch(), current.partitionEpoch(), kept));
    }

    private List<IsrMember> stillInSync(List<IsrMember> isr, Tick tick) {
        if (isAlone(isr)) {
            return isr;
        }
        List<IsrMember> kept = new ArrayList<>(isr.size());
        for (IsrMember member : isr) {
            if (member.nodeId() == nodeId || isInSync(member, tick.nowMs(), tick.cluster())) {
                kept.add(member);
            }
        }
        return kept;
    }

    private boolean isInSync(IsrMember member, long nowMs, MetadataImage cluster) {
        Follower follower = followers.get(member.nodeId());
        if (follower == null || follower.nodeEpoch() < member.nodeEpoch()) {
            follower = new Follower(member.nodeEpoch(), nowMs); // not heard of yet
            followers.put(member.nodeId(), follower);
        }
        return follower.nodeEpoch() == member.nodeEpoch()
                && cluster.isActive(member.nodeId(), member.nodeEpoch())
                && follower.isCaughtUp(logEndOffset, nowMs, maxLagMs);
    }

    private List<ReplicationEffect> onFailed(LogFailed failed) {
        ReplicationState before = state;
        state = new Offline(failed.reason());
        proposal = null;
        return switch (before) {
            case Leading leading -> List.of(new StopLeading(leading.leaderEpoch()));
            case Following following -> List.of(new Follow(-1, following.leaderEpoch()));
            case Starting starting -> List.of();
            case Unassigned unassigned -> List.of();
            case Offline offline -> List.of();
        };
    }

    private List<ReplicationEffect> maybeMoveHighWatermark() {
        PartitionImage current = image;
        if (current == null || !(state instanceof Leading) || !hasEnoughInSync()) {
            return List.of();
        }
        long committed = flushedOffset;
        if (proposal == null && uncertain.isEmpty()) {
            List<IsrMember> isr = current.isr();
            for (int i = 0; i < isr.size(); i++) {
                committed = Math.min(committed, flushedOf(isr.get(i)));
            }
        } else {
            for (IsrMember member : maximalIsr(current)) {
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

    private Set<IsrMember> maximalIsr(PartitionImage current) {
        Set<IsrMember> all = new HashSet<>(current.isr());
        all.addAll(uncertain);
        ProposeIsr asked = proposal;
        if (asked != null) {
            all.addAll(asked.isr());
        }
        return all;
    }

    private long flushedOf(IsrMember member) {
        if (member.nodeId() == nodeId) {
            return flushedOffset;
        }
        Follower follower = followers.get(member.nodeId());
        return follower == null || follower.nodeEpoch() != member.nodeEpoch()
                ? -1
                : follower.flushedOffset();
    }

    private static int minInSync(PartitionImage image) {
        return Math.min(image.minInSyncReplicas(), image.assignedReplicas().size());
    }
}
