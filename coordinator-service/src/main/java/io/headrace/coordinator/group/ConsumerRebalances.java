package io.headrace.coordinator.group;

import io.headrace.coordinator.group.assignor.AssignmentInput;
import io.headrace.coordinator.group.assignor.AssignmentInput.Subscriber;
import io.headrace.coordinator.group.assignor.Assignor;
import io.headrace.coordinator.group.consumer.ConsumerChanges;
import io.headrace.coordinator.group.consumer.ConsumerGroup;
import io.headrace.coordinator.group.consumer.ConsumerMember;
import io.headrace.coordinator.group.consumer.CurrentAssignment;
import io.headrace.coordinator.group.consumer.MemberState;
import io.headrace.coordinator.group.consumer.Reconciliation;
import io.headrace.coordinator.group.consumer.ResolvedRegex;
import io.headrace.coordinator.group.consumer.TopicRegex;
import io.headrace.coordinator.group.space.AssignmentPace;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.group.space.TimerKey;
import io.headrace.coordinator.group.space.TopicsHash;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The course of a rebalance in the consumer protocol: a change begins a new group epoch, for which
 * a target is made, at once or together with the changes that follow; every member is brought to it
 * as it is heard of. Confined to the shard's core.
 */
final class ConsumerRebalances {
    private final GroupSpace space;
    private final ConsumerChanges changes;
    private final AssignmentPace pace;

    ConsumerRebalances(GroupSpace space) {
        this.space = space;
        this.pace = new AssignmentPace(space);
        this.changes = new ConsumerChanges(space::append);
    }

    ConsumerChanges changes() {
        return changes;
    }

    /**
     * Begins a new epoch because members or their subscriptions are about to change. Its record
     * comes before those of the changes: an owner that finds only some of them makes a new target.
     */
    void begin(ConsumerGroup group) {
        changes.setEpoch(group, group.groupEpoch() + 1, group.metadataHash());
        group.markRefresh(true);
    }

    /**
     * Takes in what changed: begins a new epoch if topics that count did, and makes the target that
     * is due.
     */
    void update(ConsumerGroup group) {
        if (group.needsRefresh()) {
            boolean hasBegun = group.groupEpoch() > group.targetEpoch();
            Map<String, ResolvedRegex> resolved = changedRegexes(group);
            if (!resolved.isEmpty() && !hasBegun) {
                begin(group);
                hasBegun = true;
            }
            resolved.forEach((regex, topics) -> changes.setRegex(group, regex, topics));
            forgetUnusedRegexes(group);
            long hash = TopicsHash.of(group.subscribedTopics(), space.image());
            if (hash != group.metadataHash()) {
                changes.setEpoch(group, group.groupEpoch() + (hasBegun ? 0 : 1), hash);
            }
            group.markRefresh(false);
        }
        if (group.groupEpoch() > group.targetEpoch()
                && pace.isNow(
                        group.groupId(),
                        group.targetEpoch(),
                        group.targetMs(),
                        intervalMs(group))) {
            retarget(group);
        }
    }

    private int intervalMs(ConsumerGroup group) {
        return space.properties()
                .consumer()
                .assignmentIntervalMs(space.image(), group.groupId(), group.memberCount());
    }

    /** The expressions in use that match other topics than they did. */
    private Map<String, ResolvedRegex> changedRegexes(ConsumerGroup group) {
        Map<String, ResolvedRegex> changed = new HashMap<>();
        for (String regex : group.usedRegexes()) {
            Set<String> topics = TopicRegex.of(regex).matching(space.image().topicIds().keySet());
            ResolvedRegex before = group.regexes().get(regex);
            if (before == null || !before.topics().equals(topics)) {
                changed.put(
                        regex,
                        new ResolvedRegex(topics, space.image().nextOffset() - 1, space.nowMs()));
            }
        }
        return changed;
    }

    private void forgetUnusedRegexes(ConsumerGroup group) {
        for (String regex : Set.copyOf(group.regexes().keySet())) {
            if (!group.usedRegexes().contains(regex)) {
                changes.setRegex(group, regex, null);
            }
        }
    }

    private void retarget(ConsumerGroup group) {
        Map<Uuid, Integer> partitionCounts = new HashMap<>();
        for (String name : group.subscribedTopics()) {
            TopicImage topic = space.image().topic(name);
            if (topic != null) {
                partitionCounts.put(topic.topicId(), topic.partitionCount());
            }
        }
        Map<Set<String>, Set<Uuid>> idsByNames = new HashMap<>();
        List<Subscriber> subscribers = new ArrayList<>(group.memberCount());
        for (ConsumerMember member : group.members()) {
            Set<Uuid> topics = idsByNames.computeIfAbsent(group.topicsOf(member), this::topicIds);
            subscribers.add(
                    new Subscriber(
                            member.memberId(),
                            member.instanceId(),
                            topics,
                            group.target(member.memberId())));
        }
        String wanted = group.preferredAssignor();
        Assignor assignor = wanted == null ? Assignor.ALL.getFirst() : Assignor.named(wanted);
        assignor.assign(new AssignmentInput(subscribers, partitionCounts))
                .forEach(
                        (memberId, partitions) -> {
                            if (!partitions.equals(group.target(memberId))) {
                                changes.setTarget(group, memberId, partitions);
                            }
                        });
        changes.setTargetEpoch(group, group.groupEpoch(), space.nowMs());
    }

    /** The ids of those topics that exist. */
    Set<Uuid> topicIds(Set<String> names) {
        Set<Uuid> ids = new HashSet<>();
        for (String name : names) {
            TopicImage topic = space.image().topic(name);
            if (topic != null) {
                ids.add(topic.topicId());
            }
        }
        return ids;
    }

    /**
     * Brings a member nearer to its target.
     *
     * @param reported what it said it owns; null when it did not say
     * @return the member as it is now
     */
    ConsumerMember reconcile(
            ConsumerGroup group,
            ConsumerMember member,
            @Nullable Map<Uuid, ? extends Collection<Integer>> reported) {
        CurrentAssignment next =
                new Reconciliation(
                                member.current(),
                                group.target(member.memberId()),
                                group.targetEpoch(),
                                topicIds(group.topicsOf(member)),
                                group::isOwned,
                                reported)
                        .next();
        if (next.equals(member.current())) {
            return member;
        }
        ConsumerMember reconciled = member.with(next);
        changes.assign(group, reconciled);
        if (!reconciled.isClassic()) {
            watchRevocation(group, reconciled);
        }
        return reconciled;
    }

    /** A member that must give partitions up has its rebalance timeout for that. */
    private void watchRevocation(ConsumerGroup group, ConsumerMember member) {
        TimerKey key = TimerKey.revocation(group.groupId(), member.memberId());
        space.timers().cancel(key);
        if (member.current().state() == MemberState.UNREVOKED_PARTITIONS) {
            space.timers()
                    .schedule(key, space.nowMs() + member.subscription().rebalanceTimeoutMs());
        }
    }

    /** A member was heard of. */
    void prolongSession(ConsumerGroup group, ConsumerMember member) {
        int timeoutMs =
                member.subscription().classic() == null
                        ? space.properties()
                                .consumer()
                                .sessionTimeoutMs(space.image(), group.groupId())
                        : member.subscription().classic().sessionTimeoutMs();
        space.timers()
                .schedule(
                        TimerKey.session(group.groupId(), member.memberId()),
                        space.nowMs() + timeoutMs);
    }

    /** After a take-over every member has its whole time again. */
    void resume(ConsumerGroup group) {
        for (ConsumerMember member : group.members()) {
            prolongSession(group, member);
            if (!member.isClassic()) {
                watchRevocation(group, member);
            }
        }
        group.markRefresh(true);
    }

    /** Takes a member out; the next to be heard of begins to share what it had. */
    void remove(ConsumerGroup group, ConsumerMember member) {
        begin(group);
        cancelTimers(group, member.memberId());
        changes.remove(group, member.memberId());
        if (group.memberCount() == 0) {
            forgetUnusedRegexes(group);
        }
    }

    /** Puts a static member under a new id in the place of the old one. */
    ConsumerMember replace(ConsumerGroup group, ConsumerMember former, String newMemberId) {
        cancelTimers(group, former.memberId());
        ConsumerMember replacement =
                new ConsumerMember(newMemberId, former.subscription(), former.current().back());
        changes.setTarget(group, newMemberId, group.target(former.memberId()));
        changes.assign(group, replacement);
        changes.subscribe(group, replacement);
        if (!newMemberId.equals(former.memberId())) {
            changes.remove(group, former.memberId());
        }
        return replacement;
    }

    private void cancelTimers(ConsumerGroup group, String memberId) {
        space.timers().cancel(TimerKey.session(group.groupId(), memberId));
        space.timers().cancel(TimerKey.revocation(group.groupId(), memberId));
        space.timers().cancel(TimerKey.memberJoin(group.groupId(), memberId));
        space.timers().cancel(TimerKey.memberSync(group.groupId(), memberId));
    }

    /** Forgets a group and all that is known of its members. */
    void removeGroup(ConsumerGroup group) {
        group.members().forEach(member -> cancelTimers(group, member.memberId()));
        pace.forget(group.groupId());
        changes.removeGroup(group);
        space.removeConsumerGroup(group.groupId());
    }
}
