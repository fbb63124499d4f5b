package io.headrace.coordinator.group;

import io.headrace.coordinator.group.share.ShareChanges;
import io.headrace.coordinator.group.share.ShareGroup;
import io.headrace.coordinator.group.share.ShareMember;
import io.headrace.coordinator.group.share.ShareStates;
import io.headrace.coordinator.group.share.SimpleAssignor;
import io.headrace.coordinator.group.share.SimpleAssignor.Sharer;
import io.headrace.coordinator.group.share.StatePlace;
import io.headrace.coordinator.group.space.AssignmentPace;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.group.space.TimerKey;
import io.headrace.coordinator.group.space.TopicsHash;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * The course of a share group: a change begins a new group epoch, for which a target is made, at
 * once or together with the changes that follow, of those partitions whose states are there; states
 * of the others are made meanwhile. Confined to the shard's core.
 */
final class ShareRebalances {
    private static final long FROM_CONFIG = -1;

    private final GroupSpace space;
    private final ShareStateWork work;
    private final ShareChanges changes;
    private final AssignmentPace pace;

    /** What is worked on, so that nothing is begun twice; by group. */
    private final Map<String, Set<StatePlace>> busy = new HashMap<>();

    ShareRebalances(GroupSpace space, ShareStateWork work) {
        this.space = space;
        this.work = work;
        this.changes = new ShareChanges(space::append);
        this.pace = new AssignmentPace(space);
    }

    ShareChanges changes() {
        return changes;
    }

    /**
     * Begins a new epoch because members, subscriptions or states are about to change. Its record
     * comes before those of the changes: an owner that finds only some of them makes a new target.
     */
    void begin(ShareGroup group) {
        changes.setEpoch(group, group.groupEpoch() + 1, group.metadataHash());
        group.markRefresh(true);
    }

    /**
     * Takes in what changed: begins a new epoch if topics that count did, has missing states made,
     * and makes the target that is due.
     */
    void update(ShareGroup group) {
        if (group.needsRefresh()) {
            boolean hasBegun = group.groupEpoch() > group.targetEpoch();
            long hash = TopicsHash.of(group.subscribedTopics(), space.image());
            if (hash != group.metadataHash()) {
                changes.setEpoch(group, group.groupEpoch() + (hasBegun ? 0 : 1), hash);
            }
            group.markRefresh(false);
            makeStates(group);
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

    private int intervalMs(ShareGroup group) {
        return space.properties()
                .share()
                .assignmentIntervalMs(space.image(), group.groupId(), group.memberCount());
    }

    private void retarget(ShareGroup group) {
        Map<Uuid, Set<Integer>> partitions = new HashMap<>();
        for (TopicImage topic : topics(group.subscribedTopics())) {
            Set<Integer> ready = new TreeSet<>(group.states().initialized(topic.topicId()));
            ready.removeIf(partition -> partition >= topic.partitionCount());
            if (!ready.isEmpty()) {
                partitions.put(topic.topicId(), ready);
            }
        }
        List<Sharer> sharers = new ArrayList<>(group.memberCount());
        for (ShareMember member : group.members()) {
            Set<Uuid> wanted = new HashSet<>();
            topics(member.topicNames()).forEach(topic -> wanted.add(topic.topicId()));
            sharers.add(new Sharer(member.memberId(), wanted, group.target(member.memberId())));
        }
        SimpleAssignor.assign(sharers, partitions)
                .forEach(
                        (memberId, assigned) -> {
                            if (!assigned.equals(group.target(memberId))) {
                                changes.setTarget(group, memberId, assigned);
                            }
                        });
        changes.setTargetEpoch(group, group.groupEpoch(), space.nowMs());
    }

    /** Those topics that exist. */
    private List<TopicImage> topics(Set<String> names) {
        List<TopicImage> topics = new ArrayList<>();
        for (String name : names) {
            TopicImage topic = space.image().topic(name);
            if (topic != null) {
                topics.add(topic);
            }
        }
        return topics;
    }

    /** How many partitions the topics of those names have. */
    long partitionCount(Set<String> names) {
        return topics(names).stream().mapToLong(TopicImage::partitionCount).sum();
    }

    // States.

    /** Has the states made that the group's members need and nobody is at work on. */
    private void makeStates(ShareGroup group) {
        Set<StatePlace> working = busy.computeIfAbsent(group.groupId(), id -> new HashSet<>());
        ShareStates states = group.states();
        Map<StatePlace, Long> due = new TreeMap<>();
        for (TopicImage topic : topics(group.subscribedTopics())) {
            Uuid topicId = topic.topicId();
            if (states.deleting().containsKey(topicId)) {
                finishDeletion(group, topic);
                continue;
            }
            Set<Integer> missing = new TreeSet<>();
            for (int partition = 0; partition < topic.partitionCount(); partition++) {
                StatePlace place = new StatePlace(topicId, partition);
                if (!states.initialized(topicId).contains(partition) && working.add(place)) {
                    missing.add(partition);
                    due.put(place, FROM_CONFIG);
                }
            }
            if (!missing.isEmpty()) {
                states = states.beginning(topicId, topic.name(), missing);
            }
        }
        if (!due.isEmpty()) {
            changes.setStates(group, states);
            work.initialize(
                    group.groupId(),
                    group.groupEpoch(),
                    due,
                    outcomes -> onInitialized(group, outcomes));
        }
    }

    /** A deletion that an earlier owner, or a failure, left unfinished. */
    private void finishDeletion(ShareGroup group, TopicImage topic) {
        Set<StatePlace> working = busy.computeIfAbsent(group.groupId(), id -> new HashSet<>());
        Set<StatePlace> places = places(topic);
        if (places.isEmpty() || !working.addAll(places)) {
            return;
        }
        work.delete(
                group.groupId(),
                places,
                outcomes -> {
                    if (isGone(group)) {
                        return;
                    }
                    release(group, places);
                    onDeleted(group, Set.of(topic.topicId()), outcomes);
                    if (!group.states().deleting().containsKey(topic.topicId())) {
                        group.markRefresh(true);
                        update(group);
                    } else {
                        retryLater(group);
                    }
                });
    }

    /** All partitions of a topic. */
    static Set<StatePlace> places(TopicImage topic) {
        Set<StatePlace> places = new TreeSet<>();
        for (int partition = 0; partition < topic.partitionCount(); partition++) {
            places.add(new StatePlace(topic.topicId(), partition));
        }
        return places;
    }

    private void release(ShareGroup group, Set<StatePlace> places) {
        busy.getOrDefault(group.groupId(), new HashSet<>()).removeAll(places);
    }

    /** Whether the group was deleted while something for it was under way. */
    boolean isGone(ShareGroup group) {
        return space.shareGroup(group.groupId()) != group;
    }

    /** States were made, or some not: members get those that are there. */
    private void onInitialized(ShareGroup group, Map<StatePlace, Errors> outcomes) {
        if (isGone(group)) {
            return;
        }
        release(group, outcomes.keySet());
        boolean isMore = begun(group, outcomes);
        if (outcomes.values().stream().anyMatch(error -> error != Errors.NONE)) {
            retryLater(group);
        }
        if (isMore && group.memberCount() > 0) {
            begin(group);
            update(group);
        }
    }

    /** Notes the states that are there now; tells whether there are more than before. */
    boolean begun(ShareGroup group, Map<StatePlace, Errors> outcomes) {
        ShareStates states = group.states();
        for (Map.Entry<StatePlace, Errors> outcome : new TreeMap<>(outcomes).entrySet()) {
            StatePlace place = outcome.getKey();
            var initializing = states.initializing().get(place.topicId());
            if (outcome.getValue() == Errors.NONE
                    && initializing != null
                    && initializing.partitions().contains(place.partition())) {
                states =
                        states.begun(
                                place.topicId(), initializing.name(), Set.of(place.partition()));
            }
        }
        boolean isMore = !states.equals(group.states());
        changes.setStates(group, states);
        return isMore;
    }

    /** Notes the topics all of whose states are deleted now. */
    void onDeleted(ShareGroup group, Set<Uuid> topicIds, Map<StatePlace, Errors> outcomes) {
        Set<Uuid> failed = new HashSet<>();
        outcomes.forEach(
                (place, error) -> {
                    if (error != Errors.NONE) {
                        failed.add(place.topicId());
                    }
                });
        Set<Uuid> done = new HashSet<>(topicIds);
        done.removeAll(failed);
        changes.setStates(
                group,
                group.states()
                        .without(
                                id ->
                                        done.contains(id)
                                                && group.states().deleting().containsKey(id)));
    }

    private void retryLater(ShareGroup group) {
        space.timers()
                .schedule(
                        TimerKey.shareStates(group.groupId()),
                        space.nowMs() + space.properties().share().stateRetryMs());
    }

    void onRetry(ShareGroup group) {
        if (group.memberCount() > 0) {
            group.markRefresh(true);
            update(group);
        }
    }

    /** Forgets what is known of states of topics that were deleted. */
    void forgetTopics(Predicate<Uuid> topicIds) {
        for (ShareGroup group : space.shareGroups()) {
            changes.setStates(group, group.states().without(topicIds));
        }
    }

    // Members.

    /** Brings a member to its target. */
    ShareMember reconcile(ShareGroup group, ShareMember member) {
        Map<Uuid, Set<Integer>> target = group.target(member.memberId());
        if (member.memberEpoch() == group.targetEpoch() && member.assigned().equals(target)) {
            return member;
        }
        ShareMember reconciled = member.having(group.targetEpoch(), member.memberEpoch(), target);
        changes.assign(group, reconciled);
        return reconciled;
    }

    /** A member was heard of. */
    void prolongSession(ShareGroup group, ShareMember member) {
        space.timers()
                .schedule(
                        TimerKey.session(group.groupId(), member.memberId()),
                        space.nowMs()
                                + space.properties()
                                        .share()
                                        .sessionTimeoutMs(space.image(), group.groupId()));
    }

    /** After a take-over every member has its whole time again. */
    void resume(ShareGroup group) {
        group.members().forEach(member -> prolongSession(group, member));
        group.markRefresh(true);
    }

    /** Takes a member out; the next to be heard of begins to share what it had. */
    void remove(ShareGroup group, ShareMember member) {
        begin(group);
        space.timers().cancel(TimerKey.session(group.groupId(), member.memberId()));
        changes.remove(group, member.memberId());
    }

    /** Forgets a group and all that is known of its members. */
    void removeGroup(ShareGroup group) {
        group.members()
                .forEach(
                        member ->
                                space.timers()
                                        .cancel(
                                                TimerKey.session(
                                                        group.groupId(), member.memberId())));
        space.timers().cancel(TimerKey.shareStates(group.groupId()));
        pace.forget(group.groupId());
        busy.remove(group.groupId());
        changes.removeGroup(group);
        space.removeShareGroup(group.groupId());
    }
}
