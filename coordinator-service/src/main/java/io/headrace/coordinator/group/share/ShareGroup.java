package io.headrace.coordinator.group.share;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A share group: its members read partitions together, each record given to one of them at a time
 * by the partition's leader. So partitions may be assigned to several members, and nobody has to
 * give anything up before another gets it. Confined to its shard's core.
 */
public final class ShareGroup {
    private final String groupId;
    private int groupEpoch;
    private long metadataHash;
    private int targetEpoch;
    private long targetMs;
    private ShareStates states = ShareStates.NONE;
    private final Map<String, ShareMember> members = new LinkedHashMap<>();
    private final Map<String, Map<Uuid, Set<Integer>>> targets = new HashMap<>();
    private boolean needsRefresh = true;

    /** What is shown of the group. */
    public enum State {
        EMPTY("Empty"),
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

    public ShareGroup(String groupId) {
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
        return members.isEmpty() ? State.EMPTY : State.STABLE;
    }

    void setEpoch(int epoch, long hash) {
        groupEpoch = epoch;
        metadataHash = hash;
    }

    void setTargetEpoch(int epoch, long madeMs) {
        targetEpoch = epoch;
        targetMs = madeMs;
    }

    /** Whether the topics may have changed since they were looked at. */
    public boolean needsRefresh() {
        return needsRefresh;
    }

    /** The topics are to be looked at again, or were. */
    public void markRefresh(boolean needed) {
        needsRefresh = needed;
    }

    public ShareStates states() {
        return states;
    }

    void setStates(ShareStates newStates) {
        states = newStates;
    }

    // Members.

    public Collection<ShareMember> members() {
        return Collections.unmodifiableCollection(members.values());
    }

    public int memberCount() {
        return members.size();
    }

    public @Nullable ShareMember member(String memberId) {
        return members.get(memberId);
    }

    void put(ShareMember member) {
        members.put(member.memberId(), member);
    }

    void remove(String memberId) {
        members.remove(memberId);
        targets.remove(memberId);
    }

    /** The partitions that a member is meant to have. */
    public Map<Uuid, Set<Integer>> target(String memberId) {
        return targets.getOrDefault(memberId, Map.of());
    }

    void setTarget(String memberId, Map<Uuid, Set<Integer>> partitions) {
        targets.put(memberId, partitions);
    }

    void removeTarget(String memberId) {
        targets.remove(memberId);
    }

    /** The names of the topics that any member subscribes to. */
    public Set<String> subscribedTopics() {
        Set<String> names = new TreeSet<>();
        members.values().forEach(member -> names.addAll(member.topicNames()));
        return names;
    }
}
