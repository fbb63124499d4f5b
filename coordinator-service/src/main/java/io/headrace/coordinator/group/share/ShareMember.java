package io.headrace.coordinator.group.share;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.util.Map;
import java.util.Set;

/**
 * A member of a share group.
 *
 * @param topicNames what it subscribes to
 * @param memberEpoch the epoch of what it has; 0 before it has anything
 * @param previousMemberEpoch the epoch before: a member that missed an answer comes with it
 * @param assigned the partitions that it was told to read
 */
public record ShareMember(
        String memberId,
        @Nullable String rackId,
        String clientId,
        String clientHost,
        Set<String> topicNames,
        int memberEpoch,
        int previousMemberEpoch,
        Map<Uuid, Set<Integer>> assigned) {

    /** The epoch of a member that leaves. */
    public static final int LEFT = -1;

    /** A member of which nothing is known. */
    public static ShareMember unknown(String memberId) {
        return new ShareMember(memberId, null, "", "", Set.of(), 0, 0, Map.of());
    }

    /** The same with what it says of itself. */
    public ShareMember saying(
            @Nullable String newRackId,
            String newClientId,
            String newClientHost,
            Set<String> newTopicNames) {
        return new ShareMember(
                memberId,
                newRackId,
                newClientId,
                newClientHost,
                newTopicNames,
                memberEpoch,
                previousMemberEpoch,
                assigned);
    }

    /** The same with other partitions, in another epoch. */
    public ShareMember having(int epoch, int previousEpoch, Map<Uuid, Set<Integer>> partitions) {
        return new ShareMember(
                memberId,
                rackId,
                clientId,
                clientHost,
                topicNames,
                epoch,
                previousEpoch,
                partitions);
    }

    /** Whether it says the same of itself. */
    public boolean saysAs(ShareMember other) {
        return saying(other.rackId, other.clientId, other.clientHost, other.topicNames)
                .equals(this);
    }
}
