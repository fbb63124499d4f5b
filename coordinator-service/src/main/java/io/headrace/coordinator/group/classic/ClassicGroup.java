package io.headrace.coordinator.group.classic;

import org.apache.kafka.common.message.JoinGroupResponseData.JoinGroupResponseMember;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A group whose members agree on a protocol and let one of them assign (the classic protocol). A
 * group without a protocol type only keeps offsets: a simple group.
 *
 * <pre>
 *   EMPTY --a member joins--&gt; PREPARING_REBALANCE --all rejoined, or timeout--&gt; COMPLETING_REBALANCE
 *     ^                          |   ^                                              |       |
 *     +----- nobody is left -----+   +------- a member joins, leaves, fails --------+       | the
 *                                    |                                                      | leader
 *                                    +------- a member joins, leaves, fails --- STABLE &lt;----+ assigns
 * </pre>
 *
 * <p>{@code DEAD} is what a deleted group is. Confined to its shard's core.
 */
public final class ClassicGroup {
    private final String groupId;
    private ClassicGroupState state = ClassicGroupState.EMPTY;
    private ClassicGroupState previousState = ClassicGroupState.EMPTY;

    /** When the state was entered; -1 when an old record does not tell. */
    private long stateSinceMs;

    private int generation;
    private @Nullable String protocolType;
    private @Nullable String protocolName;
    private @Nullable String leaderId;
    private final Map<String, ClassicMember> members = new LinkedHashMap<>();
    private final Map<String, String> memberIdsByInstance = new HashMap<>();

    /** Ids given out to joining members that did not come back with them yet (KIP-394). */
    private final Set<String> pendingMembers = new LinkedHashSet<>();

    /** Members that did not ask for the assignment of this generation yet. */
    private final Set<String> pendingSyncs = new LinkedHashSet<>();

    private final Map<String, Integer> offersByProtocol = new HashMap<>();
    private int awaitingJoinCount;

    /** The topics that members subscribe to; null when unknown. */
    private @Nullable Set<String> subscribedTopics;

    private boolean stored;

    /** How the first rebalance waits for more members. */
    private @Nullable InitialDelay initialDelay;

    /**
     * The first rebalance of an empty group is under way.
     *
     * @param lastDelayMs the delay that runs now
     * @param remainingMs how much longer it may be drawn out
     * @param memberAdded whether a member came since that delay began
     */
    public record InitialDelay(int lastDelayMs, int remainingMs, boolean memberAdded) {}

    public ClassicGroup(String groupId, long nowMs) {
        this.groupId = groupId;
        this.stateSinceMs = nowMs;
    }

    /** A group as a record says, without members yet. */
    public static ClassicGroup restored(
            String groupId,
            int generation,
            @Nullable String protocolType,
            @Nullable String protocolName,
            long stateSinceMs) {
        ClassicGroup group = new ClassicGroup(groupId, stateSinceMs);
        group.generation = generation;
        group.protocolType = protocolType;
        group.protocolName = protocolName;
        group.stored = true;
        return group;
    }

    /** Adds the members of a record: a group that has any is stable. */
    public void restoreMembers(List<ClassicMember> restored, @Nullable String restoredLeaderId) {
        restored.forEach(member -> add(member, null));
        leaderId = restoredLeaderId;
        if (leaderId != null && !members.containsKey(leaderId)) {
            leaderId = members.isEmpty() ? null : members.keySet().iterator().next();
        }
        state = members.isEmpty() ? ClassicGroupState.EMPTY : ClassicGroupState.STABLE;
        subscribedTopics = computeSubscribedTopics();
    }

    public String groupId() {
        return groupId;
    }

    public ClassicGroupState state() {
        return state;
    }

    public boolean isIn(ClassicGroupState other) {
        return state == other;
    }

    ClassicGroupState previousState() {
        return previousState;
    }

    public long stateSinceMs() {
        return stateSinceMs;
    }

    public int generation() {
        return generation;
    }

    public @Nullable String protocolType() {
        return protocolType;
    }

    public @Nullable String protocolName() {
        return protocolName;
    }

    public @Nullable String leaderId() {
        return leaderId;
    }

    public boolean isLeader(String memberId) {
        return memberId.equals(leaderId);
    }

    /** Whether the log holds a record of this group. */
    public boolean isStored() {
        return stored;
    }

    public void markStored() {
        stored = true;
    }

    public @Nullable InitialDelay initialDelay() {
        return initialDelay;
    }

    public void delayInitially(@Nullable InitialDelay delay) {
        initialDelay = delay;
    }

    public void become(ClassicGroupState next, long nowMs) {
        if (!state.canBecome(next)) {
            throw new IllegalStateException(
                    "Group " + groupId + " cannot go from " + state + " to " + next);
        }
        previousState = state;
        state = next;
        stateSinceMs = nowMs;
    }

    // Members.

    public Collection<ClassicMember> members() {
        return members.values();
    }

    public int memberCount() {
        return members.size();
    }

    public boolean hasMember(String memberId) {
        return members.containsKey(memberId);
    }

    public ClassicMember member(String memberId) {
        ClassicMember member = members.get(memberId);
        if (member == null) {
            throw new IllegalArgumentException("Group " + groupId + " has no member " + memberId);
        }
        return member;
    }

    /** The member id of a static member, or null. */
    public @Nullable String staticMemberId(String groupInstanceId) {
        return memberIdsByInstance.get(groupInstanceId);
    }

    /** NONE, or why the caller is not who it says (KIP-345). */
    public Errors checkMember(String memberId, @Nullable String groupInstanceId) {
        if (groupInstanceId != null) {
            String existing = memberIdsByInstance.get(groupInstanceId);
            if (existing == null) {
                return Errors.UNKNOWN_MEMBER_ID;
            }
            if (!existing.equals(memberId)) {
                return Errors.FENCED_INSTANCE_ID;
            }
        }
        return members.containsKey(memberId) ? Errors.NONE : Errors.UNKNOWN_MEMBER_ID;
    }

    public void add(ClassicMember member, @Nullable Waiter join) {
        String instanceId = member.groupInstanceId();
        if (instanceId != null) {
            memberIdsByInstance.put(instanceId, member.memberId());
        }
        if (leaderId == null) {
            leaderId = member.memberId();
        }
        members.put(member.memberId(), member);
        countOffers(member, 1);
        pendingMembers.remove(member.memberId());
        awaitJoin(member, join);
    }

    /** The protocol type that members must have; set by the first member of an empty group. */
    public void adoptProtocolType(String type) {
        protocolType = type;
    }

    /** Removes a member, pending or full, and hands leadership on. */
    public void remove(String memberId) {
        ClassicMember removed = members.remove(memberId);
        if (removed != null) {
            countOffers(removed, -1);
            if (removed.awaitingJoin() != null) {
                awaitingJoinCount--;
            }
            if (removed.groupInstanceId() != null) {
                memberIdsByInstance.remove(removed.groupInstanceId());
            }
        }
        if (isLeader(memberId)) {
            leaderId = members.isEmpty() ? null : members.keySet().iterator().next();
        }
        pendingMembers.remove(memberId);
        pendingSyncs.remove(memberId);
    }

    /** Puts a static member under a new id in the place of the old one. */
    public ClassicMember replace(ClassicMember old, String newMemberId) {
        ClassicMember replacement = old.withId(newMemberId);
        boolean wasLeader = isLeader(old.memberId());
        remove(old.memberId());
        add(replacement, null);
        if (wasLeader) {
            leaderId = newMemberId;
        }
        return replacement;
    }

    public void update(
            ClassicMember member, List<MemberProtocol> protocols, int rebalanceMs, int sessionMs) {
        countOffers(member, -1);
        member.update(protocols, rebalanceMs, sessionMs);
        countOffers(member, 1);
    }

    /** Sets or clears what waits for a member to be joined. */
    public void awaitJoin(ClassicMember member, @Nullable Waiter waiter) {
        awaitingJoinCount += (waiter == null ? 0 : 1) - (member.awaitingJoin() == null ? 0 : 1);
        member.awaitJoin(waiter);
    }

    public int awaitingJoinCount() {
        return awaitingJoinCount;
    }

    public boolean hasEveryoneJoined() {
        return members.size() == awaitingJoinCount && pendingMembers.isEmpty();
    }

    /** Makes sure that the leader is one who rejoined; false when nobody did. */
    public boolean electJoinedLeader() {
        if (leaderId != null && member(leaderId).awaitingJoin() != null) {
            return true;
        }
        for (ClassicMember member : members.values()) {
            if (member.awaitingJoin() != null) {
                leaderId = member.memberId();
                return true;
            }
        }
        return false;
    }

    public Set<String> pendingMembers() {
        return pendingMembers;
    }

    public Set<String> pendingSyncs() {
        return pendingSyncs;
    }

    /** The longest time that a member allows for a rebalance. */
    public int rebalanceTimeoutMs() {
        int longest = 0;
        for (ClassicMember member : members.values()) {
            longest = Math.max(longest, member.rebalanceTimeoutMs());
        }
        return longest;
    }

    // Protocols.

    /** Whether a member of that type that offers these protocols fits into the group. */
    public boolean supports(String type, List<MemberProtocol> protocols) {
        if (state == ClassicGroupState.EMPTY) {
            return !type.isEmpty() && !protocols.isEmpty();
        }
        if (!type.equals(protocolType)) {
            return false;
        }
        for (MemberProtocol protocol : protocols) {
            if (offersByProtocol.getOrDefault(protocol.name(), 0) == members.size()) {
                return true;
            }
        }
        return false;
    }

    /** The protocol that all members offer and most prefer; ties go to the one named first. */
    public String selectProtocol() {
        Set<String> candidates = new HashSet<>();
        offersByProtocol.forEach(
                (name, offers) -> {
                    if (offers == members.size()) {
                        candidates.add(name);
                    }
                });
        Map<String, Integer> votes = new LinkedHashMap<>();
        for (ClassicMember member : members.values()) {
            votes.merge(member.vote(candidates), 1, Integer::sum);
        }
        String winner = "";
        int most = 0;
        for (Map.Entry<String, Integer> entry : votes.entrySet()) {
            if (entry.getValue() > most) {
                most = entry.getValue();
                winner = entry.getKey();
            }
        }
        return winner;
    }

    /** Begins the next generation: with members to assign to, or empty. */
    public void nextGeneration(long nowMs) {
        generation++;
        pendingSyncs.clear();
        initialDelay = null;
        if (members.isEmpty()) {
            protocolName = null;
            become(ClassicGroupState.EMPTY, nowMs);
        } else {
            protocolName = selectProtocol();
            become(ClassicGroupState.COMPLETING_REBALANCE, nowMs);
        }
        subscribedTopics = computeSubscribedTopics();
    }

    /** What the leader is told about the members. */
    public List<JoinGroupResponseMember> membersForLeader() {
        String protocol = protocolName;
        if (protocol == null) {
            throw new IllegalStateException("Group " + groupId + " has no protocol");
        }
        List<JoinGroupResponseMember> described = new ArrayList<>(members.size());
        for (ClassicMember member : members.values()) {
            described.add(
                    new JoinGroupResponseMember()
                            .setMemberId(member.memberId())
                            .setGroupInstanceId(member.groupInstanceId())
                            .setMetadata(member.metadataIn(protocol)));
        }
        return described;
    }

    public boolean usesConsumerProtocol() {
        return ConsumerSubscriptions.PROTOCOL_TYPE.equals(protocolType);
    }

    /** Whether the members' subscriptions are known. */
    public boolean knowsSubscriptions() {
        return subscribedTopics != null;
    }

    /** Whether a member subscribes to the topic; consumers of unknown subscriptions may. */
    public boolean isSubscribedTo(String topic) {
        return subscribedTopics == null ? usesConsumerProtocol() : subscribedTopics.contains(topic);
    }

    private @Nullable Set<String> computeSubscribedTopics() {
        if (!usesConsumerProtocol()) {
            return null;
        }
        Set<String> topics = new HashSet<>();
        for (ClassicMember member : members.values()) {
            Set<String> subscribed =
                    protocolName == null
                            ? null
                            : ConsumerSubscriptions.topicsOf(member.metadataIn(protocolName));
            if (subscribed == null) {
                return null;
            }
            topics.addAll(subscribed);
        }
        return topics;
    }

    private void countOffers(ClassicMember member, int sign) {
        for (MemberProtocol protocol : member.protocols()) {
            offersByProtocol.merge(
                    protocol.name(),
                    sign,
                    (before, change) -> before + change == 0 ? null : before + change);
        }
    }
}
