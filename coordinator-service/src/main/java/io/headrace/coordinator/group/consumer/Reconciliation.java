package io.headrace.coordinator.group.consumer;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.Map;
import java.util.Set;

/**
 * Brings one member nearer to its target, as far as it and the others have given up what they must
 * (KIP-848).
 *
 * <pre>
 *   STABLE --new target--&gt; UNREVOKED_PARTITIONS --it revoked--&gt; UNRELEASED_PARTITIONS --others
 *     ^                                                            revoked--&gt; STABLE
 *     +-------- nothing to revoke, all partitions free --------------------------+
 * </pre>
 *
 * @param current what the member has
 * @param target what it is meant to have, by topic
 * @param targetEpoch the epoch of the target
 * @param subscribed the topics that it subscribes to now; of others it gets nothing, whatever the
 *     target says
 * @param ownership who owns a partition now
 * @param reported what the member said it owns; null when it did not say
 */
public record Reconciliation(
        CurrentAssignment current,
        Map<Uuid, ? extends Set<Integer>> target,
        int targetEpoch,
        Set<Uuid> subscribed,
        Ownership ownership,
        @Nullable Map<Uuid, ? extends Collection<Integer>> reported) {

    /** Tells whether any member of the group owns a partition. */
    @FunctionalInterface
    public interface Ownership {
        boolean isOwned(Uuid topicId, int partition);
    }

    /** The member's assignment as it can be now; the same one when nothing changes. */
    public CurrentAssignment next() {
        return switch (current.state()) {
            case STABLE -> {
                if (current.memberEpoch() != targetEpoch) {
                    yield compute(current.memberEpoch());
                }
                yield keepsSubscribedOnly() ? current : dropUnsubscribed();
            }
            case UNREVOKED_PARTITIONS -> {
                if (stillOwnsAny(current.pendingRevocation())) {
                    yield keepsSubscribedOnly() ? current : dropUnsubscribed();
                }
                yield compute(current.memberEpoch());
            }
            case UNRELEASED_PARTITIONS -> compute(current.memberEpoch());
            case UNKNOWN -> compute(targetEpoch);
        };
    }

    private boolean keepsSubscribedOnly() {
        return subscribed.containsAll(current.assigned().epochs().keySet());
    }

    private boolean stillOwnsAny(OwnedPartitions revoked) {
        if (reported == null) {
            return true; // it did not say, so it did not say that it revoked
        }
        for (Map.Entry<Uuid, ? extends Collection<Integer>> topic : reported.entrySet()) {
            for (int partition : topic.getValue()) {
                if (revoked.contains(topic.getKey(), partition)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The member unsubscribed from topics whose partitions it has: these go first. */
    private CurrentAssignment dropUnsubscribed() {
        OwnedPartitions.Builder kept = new OwnedPartitions.Builder();
        OwnedPartitions.Builder revoked = new OwnedPartitions.Builder();
        current.pendingRevocation().forEach(revoked::add);
        current.assigned()
                .forEach(
                        (topicId, partition, epoch) ->
                                (subscribed.contains(topicId) ? kept : revoked)
                                        .add(topicId, partition, epoch));
        OwnedPartitions pending = revoked.build();
        return stillOwnsAny(pending)
                ? current.next(
                        current.memberEpoch(),
                        MemberState.UNREVOKED_PARTITIONS,
                        kept.build(),
                        pending)
                : current.next(
                        current.memberEpoch(),
                        current.state(),
                        kept.build(),
                        current.pendingRevocation());
    }

    private CurrentAssignment compute(int memberEpoch) {
        OwnedPartitions.Builder assigned = new OwnedPartitions.Builder();
        OwnedPartitions.Builder revoked = new OwnedPartitions.Builder();
        current.assigned()
                .forEach(
                        (topicId, partition, epoch) ->
                                (isTarget(topicId, partition) ? assigned : revoked)
                                        .add(topicId, partition, epoch));
        OwnedPartitions pending = revoked.build();
        if (!pending.isEmpty() && stillOwnsAny(pending)) {
            return current.next(
                    memberEpoch, MemberState.UNREVOKED_PARTITIONS, assigned.build(), pending);
        }
        boolean isAllFree = true;
        for (Map.Entry<Uuid, ? extends Set<Integer>> topic : target.entrySet()) {
            if (!subscribed.contains(topic.getKey())) {
                continue;
            }
            for (int partition : topic.getValue()) {
                if (current.assigned().contains(topic.getKey(), partition)) {
                    continue;
                }
                if (isFree(topic.getKey(), partition)) {
                    assigned.add(topic.getKey(), partition, targetEpoch);
                } else {
                    isAllFree = false;
                }
            }
        }
        return current.next(
                targetEpoch,
                isAllFree ? MemberState.STABLE : MemberState.UNRELEASED_PARTITIONS,
                assigned.build(),
                OwnedPartitions.NONE);
    }

    private boolean isTarget(Uuid topicId, int partition) {
        Set<Integer> partitions = target.get(topicId);
        return partitions != null && partitions.contains(partition) && subscribed.contains(topicId);
    }

    /** What the member itself has revoked is free for it again. */
    private boolean isFree(Uuid topicId, int partition) {
        return !ownership.isOwned(topicId, partition)
                || current.pendingRevocation().contains(topicId, partition);
    }
}
