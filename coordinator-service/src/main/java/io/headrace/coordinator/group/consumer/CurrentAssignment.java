package io.headrace.coordinator.group.consumer;

import org.apache.kafka.common.Uuid;

import java.util.Map;
import java.util.Set;

/**
 * What a member has, and in which epoch.
 *
 * @param memberEpoch 0 before the first assignment, {@link #LEFT_STATIC} while a static member is
 *     away
 * @param previousMemberEpoch the epoch before: a member that missed an answer comes with it
 * @param assigned what it may use
 * @param pendingRevocation what it must give up, and owns until it said that it did
 */
public record CurrentAssignment(
        int memberEpoch,
        int previousMemberEpoch,
        MemberState state,
        OwnedPartitions assigned,
        OwnedPartitions pendingRevocation) {
    /** The epoch of a member that leaves. */
    public static final int LEFT = -1;

    /** The epoch of a static member that leaves for a while. */
    public static final int LEFT_STATIC = -2;

    /** What a new member has. */
    public static final CurrentAssignment NONE =
            new CurrentAssignment(
                    0, 0, MemberState.STABLE, OwnedPartitions.NONE, OwnedPartitions.NONE);

    /** Of a member that has all of these partitions since that epoch. */
    public static CurrentAssignment of(int epoch, Map<Uuid, ? extends Set<Integer>> partitions) {
        OwnedPartitions.Builder assigned = new OwnedPartitions.Builder();
        partitions.forEach(
                (topicId, ofTopic) ->
                        ofTopic.forEach(partition -> assigned.add(topicId, partition, epoch)));
        return new CurrentAssignment(
                epoch, epoch, MemberState.STABLE, assigned.build(), OwnedPartitions.NONE);
    }

    /** The same in another epoch; one that does not change keeps the epoch before. */
    CurrentAssignment next(
            int epoch, MemberState nextState, OwnedPartitions has, OwnedPartitions revokes) {
        return new CurrentAssignment(
                epoch,
                epoch == memberEpoch ? previousMemberEpoch : memberEpoch,
                nextState,
                has,
                revokes);
    }

    /** The epoch in which a partition that it owns was assigned; absent when it owns it not. */
    public int assignmentEpoch(Uuid topicId, int partition) {
        int assignedIn = assigned.epochOf(topicId, partition);
        return assignedIn == OwnedPartitions.ABSENT
                ? pendingRevocation.epochOf(topicId, partition)
                : assignedIn;
    }

    /** Of a static member that went away: it revoked what it had to. */
    public CurrentAssignment away() {
        return new CurrentAssignment(
                LEFT_STATIC, previousMemberEpoch, state, assigned, OwnedPartitions.NONE);
    }

    /** Of the member that takes a static one's place. */
    public CurrentAssignment back() {
        return new CurrentAssignment(0, 0, MemberState.STABLE, assigned, OwnedPartitions.NONE);
    }
}
