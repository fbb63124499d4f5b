package io.headrace.coordinator.group;

import io.headrace.coordinator.group.classic.ClassicGroup;
import io.headrace.coordinator.group.classic.ClassicGroupState;
import io.headrace.coordinator.group.classic.ClassicMember;
import io.headrace.coordinator.group.classic.ConsumerSubscriptions;
import io.headrace.coordinator.group.classic.EmbeddedProtocol;
import io.headrace.coordinator.group.classic.GroupRecords;
import io.headrace.coordinator.group.classic.MemberProtocol;
import io.headrace.coordinator.group.consumer.ClassicFacts;
import io.headrace.coordinator.group.consumer.ConsumerGroup;
import io.headrace.coordinator.group.consumer.ConsumerMember;
import io.headrace.coordinator.group.consumer.CurrentAssignment;
import io.headrace.coordinator.group.consumer.Subscription;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.group.space.TimerKey;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.CoordinatorNotAvailableException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupMaxSizeReachedException;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The change of a living group from one protocol to the other (KIP-848): the first consumer of the
 * new protocol that joins makes a classic group one of its kind, the last that leaves makes it
 * classic again. Confined to the shard's core.
 */
final class Migration {
    private final GroupSpace space;
    private final Rebalances classic;
    private final ConsumerRebalances rebalances;

    Migration(GroupSpace space, Rebalances classic, ConsumerRebalances rebalances) {
        this.space = space;
        this.classic = classic;
        this.rebalances = rebalances;
    }

    /**
     * The group that a consumer joins: the one there is, or a new one, or what becomes of the
     * classic group of that id.
     *
     * @param check refuses the join to a group there is, or to null when there is none, by
     *     throwing; nothing has changed then
     */
    ConsumerGroup groupToJoin(String groupId, Consumer<@Nullable ConsumerGroup> check) {
        ConsumerGroup group = space.consumerGroup(groupId);
        check.accept(group);
        if (group != null) {
            return group;
        }
        ClassicGroup former = space.group(groupId);
        if (former == null) {
            if (space.shareGroup(groupId) != null) {
                throw new GroupIdNotFoundException(
                        "Group " + groupId + " is not a consumer group.");
            }
            if (!space.hasRoomForGroup()) {
                throw new CoordinatorNotAvailableException("The shard has no room for a group");
            }
            return space.addConsumerGroup(groupId);
        }
        if (former.isIn(ClassicGroupState.EMPTY)) {
            retire(former);
            return space.addConsumerGroup(groupId);
        }
        return upgrade(former);
    }

    // To the consumer protocol.

    private ConsumerGroup upgrade(ClassicGroup former) {
        String groupId = former.groupId();
        if (!space.properties().consumer().upgrades() || !former.usesConsumerProtocol()) {
            throw new GroupIdNotFoundException("Group " + groupId + " is not a consumer group.");
        }
        if (former.memberCount() >= space.properties().maxGroupSize()) {
            throw new GroupMaxSizeReachedException(
                    "The group has reached its maximum capacity of "
                            + space.properties().maxGroupSize()
                            + " members.");
        }
        Map<ConsumerMember, Map<Uuid, Set<Integer>>> converted = convertedMembers(former);
        for (ClassicMember member : former.members()) {
            classic.answerJoin(
                    former,
                    member,
                    new JoinGroupResponseData()
                            .setMemberId(member.memberId())
                            .setErrorCode(Errors.REBALANCE_IN_PROGRESS.code()));
            classic.answerSync(former, member, Errors.REBALANCE_IN_PROGRESS);
        }
        int generation = former.generation();
        retire(former);
        ConsumerGroup group = space.addConsumerGroup(groupId);
        rebalances.changes().setEpoch(group, generation, 0);
        converted.forEach(
                (member, target) -> {
                    rebalances.changes().subscribe(group, member);
                    rebalances.changes().setTarget(group, member.memberId(), target);
                    rebalances.changes().assign(group, member);
                    rebalances.prolongSession(group, member);
                });
        rebalances.changes().setTargetEpoch(group, generation, space.nowMs());
        return group;
    }

    private Map<ConsumerMember, Map<Uuid, Set<Integer>>> convertedMembers(ClassicGroup former) {
        String chosen = former.protocolName();
        String protocol = chosen == null ? former.selectProtocol() : chosen;
        Map<ConsumerMember, Map<Uuid, Set<Integer>>> converted = new LinkedHashMap<>();
        for (ClassicMember member : former.members()) {
            EmbeddedProtocol.Subscribed subscribed =
                    EmbeddedProtocol.subscription(member.metadataIn(protocol), space.image());
            Map<Uuid, Set<Integer>> assigned =
                    EmbeddedProtocol.assignment(member.assignment(), space.image());
            if (subscribed == null || assigned == null) {
                throw new GroupIdNotFoundException(
                        "Cannot upgrade classic group "
                                + former.groupId()
                                + " to consumer group because the embedded consumer protocol is"
                                + " malformed.");
            }
            converted.put(converted(member, subscribed, assigned, former.generation()), assigned);
        }
        return converted;
    }

    private static ConsumerMember converted(
            ClassicMember member,
            EmbeddedProtocol.Subscribed subscribed,
            Map<Uuid, Set<Integer>> assigned,
            int generation) {
        List<ClassicFacts.Protocol> protocols = new ArrayList<>();
        for (MemberProtocol offered : member.protocols()) {
            protocols.add(new ClassicFacts.Protocol(offered.name(), offered.metadata()));
        }
        Subscription subscription =
                new Subscription(
                        member.groupInstanceId(),
                        subscribed.rackId(),
                        member.clientId(),
                        member.clientHost(),
                        subscribed.topics(),
                        null,
                        member.rebalanceTimeoutMs(),
                        null,
                        new ClassicFacts(member.sessionTimeoutMs(), protocols));
        return new ConsumerMember(
                member.memberId(), subscription, CurrentAssignment.of(generation, assigned));
    }

    /** The classic group is no more; its offsets stay. */
    private void retire(ClassicGroup former) {
        for (ClassicMember member : former.members()) {
            space.timers().cancel(TimerKey.heartbeat(former.groupId(), member.memberId()));
        }
        for (String memberId : former.pendingMembers()) {
            space.timers().cancel(TimerKey.heartbeat(former.groupId(), memberId));
        }
        if (former.isStored()) {
            space.append(GroupRecords.deleted(former.groupId()));
        }
        former.become(ClassicGroupState.DEAD, space.nowMs());
        space.removeGroup(former.groupId());
    }

    // To the classic protocol.

    /** Takes a member out of a group, which may become classic by that. */
    void remove(ConsumerGroup group, ConsumerMember member) {
        int groupEpoch = group.groupEpoch();
        rebalances.remove(group, member);
        ClassicGroup next = group.memberCount() == 0 ? null : downgradeIfDue(group, groupEpoch);
        if (next != null) {
            classic.prepare(next);
        }
    }

    /**
     * Makes a group classic again if all its members are; null if it stays as it is.
     *
     * @param generation the epoch that up-to-date members know
     */
    @Nullable ClassicGroup downgradeIfDue(ConsumerGroup group, int generation) {
        boolean isDue =
                group.memberCount() == group.classicCount()
                        && group.memberCount() <= space.properties().maxGroupSize()
                        && space.properties().consumer().downgrades();
        if (!isDue) {
            return null;
        }
        String protocol = commonProtocol(group);
        if (protocol == null) {
            return null;
        }
        ClassicGroup next =
                ClassicGroup.restored(
                        group.groupId(),
                        generation,
                        ConsumerSubscriptions.PROTOCOL_TYPE,
                        protocol,
                        space.nowMs());
        List<ClassicMember> members = new ArrayList<>(group.memberCount());
        for (ConsumerMember member : group.members()) {
            members.add(classicMember(member, protocol));
        }
        next.restoreMembers(members, members.getFirst().memberId());
        rebalances.removeGroup(group);
        space.addGroup(next);
        space.store(next);
        for (ClassicMember member : members) {
            classic.scheduleHeartbeat(next, member, member.sessionTimeoutMs());
        }
        return next;
    }

    /** A protocol that every member supports; the first of the first member's. */
    private static @Nullable String commonProtocol(ConsumerGroup group) {
        for (ConsumerMember member : group.members()) {
            ClassicFacts facts = member.subscription().classic();
            if (facts != null) {
                for (ClassicFacts.Protocol protocol : facts.protocols()) {
                    if (group.allClassicMembersSupport(protocol.name())) {
                        return protocol.name();
                    }
                }
                return null;
            }
        }
        return null;
    }

    private ClassicMember classicMember(ConsumerMember member, String protocol) {
        ClassicFacts facts = member.subscription().classic();
        if (facts == null) {
            throw new IllegalStateException(member.memberId() + " is no classic member");
        }
        List<MemberProtocol> protocols = new ArrayList<>();
        for (ClassicFacts.Protocol offered : facts.protocols()) {
            protocols.add(new MemberProtocol(offered.name(), offered.metadata()));
        }
        ClassicMember classicMember =
                new ClassicMember(
                        member.memberId(),
                        member.instanceId(),
                        member.subscription().clientId(),
                        member.subscription().clientHost(),
                        member.subscription().rebalanceTimeoutMs(),
                        facts.sessionTimeoutMs(),
                        protocols);
        classicMember.assign(
                EmbeddedProtocol.assignmentOf(
                        member.current().assigned().epochs(),
                        classicMember.metadataIn(protocol),
                        space.image()));
        return classicMember;
    }

    /** An empty group of the consumer protocol makes place for a classic one of its id. */
    void retireIfEmpty(String groupId) {
        ConsumerGroup group = space.consumerGroup(groupId);
        if (group != null && group.memberCount() == 0) {
            rebalances.removeGroup(group);
        }
    }
}
