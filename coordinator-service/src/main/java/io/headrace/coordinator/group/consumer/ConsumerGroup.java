package io.headrace.coordinator.group.consumer;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A group of the consumer protocol: what its members subscribe to, what they are meant to have and
 * what they have.
 *
 * <p>The group epoch grows with each change of members, subscriptions or topics; a target
 * assignment is made for it; each member comes to the target's epoch by its own heartbeats. So
 * there is no moment at which all must meet. Confined to its shard's core.
 */
public final class ConsumerGroup {
    private final String groupId;
    private int groupEpoch;
    private long metadataHash;
    private int targetEpoch;
    private long targetMs;
    private final Map<String, ConsumerMember> members = new LinkedHashMap<>();
    private final Map<String, String> memberIdsByInstance = new HashMap<>();
    private final Map<String, Map<Uuid, Set<Integer>>> targets = new HashMap<>();
    private final Map<String, ResolvedRegex> regexes = new TreeMap<>();

    /** Who owns each partition: has it assigned, or has yet to give it up. */
    private final Map<Uuid, Map<Integer, String>> owners = new HashMap<>();

    private final Map<String, Integer> regexUses = new HashMap<>();
    private final Map<String, Integer> topicUses = new HashMap<>();
    private final Map<String, Integer> assignorUses = new TreeMap<>();

    /** How many members support each classic protocol. */
    private final Map<String, Integer> classicOffers = new HashMap<>();

    private int classicCount;
    private boolean needsRefresh = true;

    /** What is shown of the group. */
    public enum State {
        EMPTY("Empty"),
        ASSIGNING("Assigning"),
        RECONCILING("Reconciling"),
        STABLE("Stable");

        private final String label;

        State(String label) {
            this.label = label;
        }

        /** The name that clients are shown. */
        public String label() {
            return label;
        }
    }

    public ConsumerGroup(String groupId) {
        this.groupId = groupId;
    }

    public String groupId() {
        return groupId;
    }

    public int groupEpoch() {
        return groupEpoch;
    }

    public long metadataHash() {
        return metadataHash;
    }

    /** The epoch of the target assignment; behind the group epoch while one is due. */
    public int targetEpoch() {
        return targetEpoch;
    }

    /** When the target was made, on the clock of the coordinator that made it. */
    public long targetMs() {
        return targetMs;
    }

    public State state() {
        if (members.isEmpty()) {
            return State.EMPTY;
        }
        if (groupEpoch > targetEpoch) {
            return State.ASSIGNING;
        }
        for (ConsumerMember member : members.values()) {
            if (!member.isReconciledTo(targetEpoch)) {
                return State.RECONCILING;
            }
        }
        return State.STABLE;
    }

    void setEpoch(int epoch, long hash) {
        groupEpoch = epoch;
        metadataHash = hash;
    }

    void setTargetEpoch(int epoch, long madeMs) {
        targetEpoch = epoch;
        targetMs = madeMs;
    }

    /** Whether the topics or expressions may have changed since they were looked at. */
    public boolean needsRefresh() {
        return needsRefresh;
    }

    /** The topics are to be looked at again, or were. */
    public void markRefresh(boolean needed) {
        needsRefresh = needed;
    }

    // Members.

    public Collection<ConsumerMember> members() {
        return Collections.unmodifiableCollection(members.values());
    }

    public int memberCount() {
        return members.size();
    }

    /** How many members speak the classic protocol. */
    public int classicCount() {
        return classicCount;
    }

    /** The member, or null. */
    public @Nullable ConsumerMember member(String memberId) {
        return members.get(memberId);
    }

    /** The static member of that instance, or null. */
    public @Nullable ConsumerMember staticMember(String instanceId) {
        String memberId = memberIdsByInstance.get(instanceId);
        return memberId == null ? null : members.get(memberId);
    }

    /** Adds a member or puts it in the place of what was known of it. */
    void put(ConsumerMember member) {
        ConsumerMember before = members.put(member.memberId(), member);
        if (before != null) {
            count(before, -1);
            disown(before);
        }
        count(member, 1);
        own(member);
        String instanceId = member.instanceId();
        if (instanceId != null) {
            memberIdsByInstance.put(instanceId, member.memberId());
        }
    }

    void remove(String memberId) {
        ConsumerMember removed = members.remove(memberId);
        if (removed == null) {
            return;
        }
        count(removed, -1);
        disown(removed);
        String instanceId = removed.instanceId();
        if (instanceId != null) {
            memberIdsByInstance.remove(instanceId, memberId);
        }
    }

    private void count(ConsumerMember member, int sign) {
        Subscription subscription = member.subscription();
        subscription.topicNames().forEach(topic -> add(topicUses, topic, sign));
        if (subscription.hasRegex() && subscription.topicRegex() != null) {
            add(regexUses, subscription.topicRegex(), sign);
        }
        if (subscription.assignor() != null) {
            add(assignorUses, subscription.assignor(), sign);
        }
        ClassicFacts classic = subscription.classic();
        if (classic != null) {
            classicCount += sign;
            classic.protocols().forEach(protocol -> add(classicOffers, protocol.name(), sign));
        }
    }

    private static void add(Map<String, Integer> counts, String key, int change) {
        counts.merge(key, change, (before, plus) -> before + plus == 0 ? null : before + plus);
    }

    private void own(ConsumerMember member) {
        OwnedPartitions.Visitor visitor =
                (topicId, partition, epoch) ->
                        owners.computeIfAbsent(topicId, id -> new HashMap<>())
                                .put(partition, member.memberId());
        member.current().assigned().forEach(visitor);
        member.current().pendingRevocation().forEach(visitor);
    }

    /** Gives up what a member owned, but for what another was given meanwhile. */
    private void disown(ConsumerMember member) {
        OwnedPartitions.Visitor visitor =
                (topicId, partition, epoch) -> {
                    Map<Integer, String> ofTopic = owners.get(topicId);
                    if (ofTopic != null) {
                        ofTopic.remove(partition, member.memberId());
                        if (ofTopic.isEmpty()) {
                            owners.remove(topicId);
                        }
                    }
                };
        member.current().assigned().forEach(visitor);
        member.current().pendingRevocation().forEach(visitor);
    }

    /** Whether any member owns a partition. */
    public boolean isOwned(Uuid topicId, int partition) {
        return owners.getOrDefault(topicId, Map.of()).containsKey(partition);
    }

    /** Whether all members that speak the classic protocol support it. */
    public boolean allClassicMembersSupport(String protocol) {
        return classicOffers.getOrDefault(protocol, 0) == classicCount;
    }

    /** The assignor that most members want; null when none wants any. */
    public @Nullable String preferredAssignor() {
        String preferred = null;
        int most = 0;
        for (Map.Entry<String, Integer> entry : assignorUses.entrySet()) {
            if (entry.getValue() > most) {
                most = entry.getValue();
                preferred = entry.getKey();
            }
        }
        return preferred;
    }

    // Targets.

    /** What a member is meant to have. */
    public Map<Uuid, Set<Integer>> target(String memberId) {
        return targets.getOrDefault(memberId, Map.of());
    }

    void setTarget(String memberId, Map<Uuid, Set<Integer>> partitions) {
        targets.put(memberId, partitions);
    }

    void removeTarget(String memberId) {
        targets.remove(memberId);
    }

    /** Whether there is a record of what the member is meant to have. */
    public boolean hasTarget(String memberId) {
        return targets.containsKey(memberId);
    }

    // Subscriptions.

    /** The expressions that were resolved, with what they matched. */
    public Map<String, ResolvedRegex> regexes() {
        return Collections.unmodifiableMap(regexes);
    }

    void setRegex(String regex, ResolvedRegex resolved) {
        regexes.put(regex, resolved);
    }

    void removeRegex(String regex) {
        regexes.remove(regex);
    }

    /** The expressions that members subscribe by. */
    public Set<String> usedRegexes() {
        return Collections.unmodifiableSet(regexUses.keySet());
    }

    /** The names of the topics that a member subscribes to. */
    public Set<String> topicsOf(ConsumerMember member) {
        ResolvedRegex resolved =
                member.subscription().hasRegex() && member.subscription().topicRegex() != null
                        ? regexes.get(member.subscription().topicRegex())
                        : null;
        if (resolved == null) {
            return member.subscription().topicNames();
        }
        Set<String> topics = new TreeSet<>(member.subscription().topicNames());
        topics.addAll(resolved.topics());
        return topics;
    }

    /** The names of all topics that members subscribe to. */
    public Set<String> subscribedTopics() {
        Set<String> topics = new TreeSet<>(topicUses.keySet());
        for (String regex : regexUses.keySet()) {
            ResolvedRegex resolved = regexes.get(regex);
            if (resolved != null) {
                topics.addAll(resolved.topics());
            }
        }
        return topics;
    }

    public boolean isSubscribedTo(String topic) {
        if (topicUses.containsKey(topic)) {
            return true;
        }
        for (String regex : regexUses.keySet()) {
            ResolvedRegex resolved = regexes.get(regex);
            if (resolved != null && resolved.topics().contains(topic)) {
                return true;
            }
        }
        return false;
    }
}
