package io.headrace.client.group;

import io.headrace.client.connection.Backoff;
import io.headrace.client.connection.Connections;
import io.headrace.client.connection.Failures;
import io.headrace.client.consume.CommittedOffset;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.error.ServerErrorException;
import io.headrace.client.group.ConsumerProtocol.MemberSubscription;
import io.headrace.client.metadata.Metadata;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.JoinGroupResponseData.JoinGroupResponseMember;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * The membership of one consumer in a classic group. Confined to its loop.
 *
 * <pre>
 *   OUT --> JOINING --JoinGroup, SyncGroup--> STABLE --heartbeats--+
 *    ^        ^                                 |                  |
 *    |        +---- REBALANCE_IN_PROGRESS ------+<-----------------+
 *    +---- UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION
 * </pre>
 *
 * <p>With eager assignors everything is given up before joining; with cooperative ones only what
 * the new assignment takes away, and then the member joins once more (KIP-429). What the owner is
 * told comes one step at a time. While it gives up partitions, heartbeats go on.
 */
final class GroupMembership {
    /** What the owner does when partitions come and go; each step is awaited. */
    interface Owner {
        /** Answers how to begin with them, which is left out when they were given up meanwhile. */
        CompletableFuture<Runnable> onAssigned(Set<TopicPartition> added);

        CompletableFuture<Void> onRevoked(Set<TopicPartition> removed);

        CompletableFuture<Void> onLost(Set<TopicPartition> removed);

        void onFatal(HeadraceException failure);
    }

    private static final Duration CHECK_TOPICS = Duration.ofSeconds(5);
    private static final int NO_GENERATION = -1;

    /** So many joins in a row that came to nothing are followed by the next one at once. */
    private static final int JOINS_AT_ONCE = 3;

    private final GroupOptions options;
    private final CoordinatorLink link;
    private final SubscribedTopics topics;
    private final Loop loop;
    private final Owner owner;
    private final Holdings holdings;
    private final Backoff backoff;
    private final boolean cooperative;
    private final Duration operationTimeout;

    private volatile String memberId = "";
    private CompletableFuture<Void> lastLoss = done();
    private int generation = NO_GENERATION;
    private int round;
    private int beat;
    private int failures;
    private boolean stable;
    private boolean wasMember;
    private long giveUpNanos;
    private boolean closed;

    GroupMembership(
            GroupOptions options,
            Connections connections,
            Metadata metadata,
            Loop loop,
            String lane,
            Owner owner) {
        this.options = options;
        this.link = new CoordinatorLink(options, connections, metadata, loop, lane);
        this.topics = new SubscribedTopics(options.subscription(), metadata, loop);
        this.loop = loop;
        this.owner = owner;
        this.holdings = new Holdings(options, loop, owner);
        this.backoff =
                new Backoff(
                        connections.options().retryBackoff(),
                        connections.options().retryBackoffMax());
        this.operationTimeout = connections.options().operationTimeout();
        this.cooperative = options.assignors().stream().allMatch(Assignor::isCooperative);
    }

    String memberId() {
        return memberId;
    }

    Set<TopicPartition> assigned() {
        return holdings.assigned();
    }

    void start() {
        giveUpNanos = System.nanoTime() + operationTimeout.toNanos();
        rejoin();
        scheduleTopicCheck();
    }

    /** Ends the current round, gives up what must be given up, and joins. */
    private void rejoin() {
        int mine = ++round;
        stable = false;
        CompletableFuture.allOf(
                        lastLoss,
                        holdings.step(
                                () ->
                                        holdings.revoke(
                                                cooperative
                                                        ? holdings.unbegun()
                                                        : holdings.assigned())))
                .thenCompose(nothing -> topics.resolve())
                .thenComposeAsync(names -> isOver(mine) ? done() : join(mine, names), loop)
                .whenCompleteAsync((nothing, failure) -> onRound(mine, failure), loop);
    }

    private boolean isOver(int mine) {
        return closed || mine != round;
    }

    private static CompletableFuture<Void> done() {
        return CompletableFuture.completedFuture(null);
    }

    private void onRound(int mine, @Nullable Throwable failure) {
        if (isOver(mine)) {
            return;
        }
        if (failure == null) {
            failures = 0;
            return;
        }
        onError(Failures.of(failure, "Joining group " + options.groupId()));
    }

    /** What a failed request means for the membership. */
    private void onError(HeadraceException failure) {
        stable = false;
        switch (failure.error()) {
            case REBALANCE_IN_PROGRESS, MEMBER_ID_REQUIRED -> rejoinSoon();
            case UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION -> {
                forgetMembership(failure.error() == Errors.UNKNOWN_MEMBER_ID);
                lastLoss = holdings.step(() -> holdings.lose(holdings.assigned()));
                rejoinSoon();
            }
            default -> {
                boolean inVain = !wasMember && System.nanoTime() - giveUpNanos > 0;
                if (failure.retriable() && !inVain) {
                    link.onFailure(failure);
                    rejoinLater();
                    return;
                }
                if (failure.error() == Errors.FENCED_INSTANCE_ID) {
                    forgetMembership(true); // Another process is this member now.
                }
                owner.onFatal(failure);
            }
        }
    }

    private void forgetMembership(boolean alsoId) {
        memberId = alsoId ? "" : memberId;
        generation = NO_GENERATION;
        beat++;
    }

    private void rejoinSoon() {
        if (failures < JOINS_AT_ONCE) {
            failures++;
            rejoin();
        } else {
            rejoinLater();
        }
    }

    private void rejoinLater() {
        int mine = round;
        failures++;
        loop.schedule(
                () -> {
                    if (!isOver(mine)) {
                        rejoin();
                    }
                },
                backoff.delayMs(failures));
    }

    private CompletableFuture<Void> join(int mine, Set<String> names) {
        beat++; // The coordinator waits for this member's answers now, not for heartbeats.
        String what = "Joining group " + options.groupId();
        return link.join(memberId, new MemberSubscription(names, holdings.assigned(), generation))
                .thenComposeAsync(
                        answer -> {
                            if (isOver(mine)) {
                                return done();
                            }
                            Errors error = Errors.forCode(answer.errorCode());
                            if (error == Errors.MEMBER_ID_REQUIRED || error == Errors.NONE) {
                                memberId = answer.memberId();
                            }
                            if (error != Errors.NONE) {
                                throw ServerErrorException.of(error, what, null);
                            }
                            return sync(mine, answer);
                        },
                        loop);
    }

    private CompletableFuture<Void> sync(int mine, JoinGroupResponseData joined) {
        boolean leads = joined.leader().equals(joined.memberId());
        if (!leads) {
            topics.follow();
        }
        // A leader whose plan is not asked for (KIP-814) watches what it would have divided.
        return (leads
                        ? plan(joined)
                        : CompletableFuture.completedFuture(Map.<String, List<TopicPartition>>of()))
                .thenComposeAsync(
                        plan ->
                                link.sync(
                                        joined.memberId(),
                                        joined.generationId(),
                                        joined.protocolName(),
                                        joined.skipAssignment() ? Map.of() : plan),
                        loop)
                .thenComposeAsync(
                        assignment ->
                                isOver(mine)
                                        ? done()
                                        : apply(mine, joined.generationId(), decode(assignment)),
                        loop);
    }

    private static Set<TopicPartition> decode(byte[] assignment) {
        try {
            return ConsumerProtocol.decodeAssignment(assignment);
        } catch (MalformedFrameException e) {
            throw Failures.of(e, "Reading the assignment");
        }
    }

    /** The leader's part: divides the partitions of all that members subscribe to. */
    private CompletableFuture<Map<String, List<TopicPartition>>> plan(
            JoinGroupResponseData joined) {
        Map<String, MemberSubscription> members = new HashMap<>();
        Set<String> names = new HashSet<>();
        for (JoinGroupResponseMember member : joined.members()) {
            try {
                MemberSubscription subscription =
                        ConsumerProtocol.decodeSubscription(member.metadata());
                members.put(member.memberId(), subscription);
                names.addAll(subscription.topics());
            } catch (MalformedFrameException e) {
                throw Failures.of(e, "Reading the subscription of " + member.memberId());
            }
        }
        Assignor assignor =
                options.assignors().stream()
                        .filter(a -> a.protocolName().equals(joined.protocolName()))
                        .findFirst()
                        .orElseThrow(
                                () ->
                                        ServerErrorException.of(
                                                Errors.INCONSISTENT_GROUP_PROTOCOL,
                                                "Leading group " + options.groupId(),
                                                "it chose " + joined.protocolName()));
        return topics.divide(names)
                .thenApply(counts -> Assignors.assign(assignor, members, counts));
    }

    private CompletableFuture<Void> apply(int mine, int newGeneration, Set<TopicPartition> target) {
        generation = newGeneration;
        wasMember = true;
        stable = true;
        scheduleHeartbeat(++beat);
        return holdings.step(
                () -> {
                    if (isOver(mine)) {
                        return done();
                    }
                    Set<TopicPartition> removed = new HashSet<>(holdings.assigned());
                    removed.removeAll(target);
                    Set<TopicPartition> added = new HashSet<>(target);
                    added.removeAll(holdings.assigned());
                    return holdings.revoke(removed)
                            .thenComposeAsync(nothing -> holdings.take(added), loop)
                            .thenRunAsync(
                                    () -> {
                                        if (!removed.isEmpty() && !isOver(mine)) {
                                            rejoin(); // What was given up can go to others now.
                                        }
                                    },
                                    loop);
                });
    }

    private void scheduleHeartbeat(int mine) {
        loop.schedule(() -> heartbeat(mine), options.heartbeatInterval().toMillis());
    }

    private void heartbeat(int mine) {
        if (mine != beat) {
            return;
        }
        link.heartbeat(memberId, generation)
                .whenCompleteAsync((nothing, failure) -> onHeartbeat(mine, failure), loop);
    }

    private void onHeartbeat(int mine, @Nullable Throwable failure) {
        if (mine != beat) {
            return;
        }
        if (failure == null) {
            scheduleHeartbeat(mine);
            return;
        }
        HeadraceException known =
                Failures.of(failure, "The heartbeat to group " + options.groupId());
        if (known.error() == Errors.REBALANCE_IN_PROGRESS) {
            scheduleHeartbeat(mine); // Until it joins, which may be after a long farewell.
            if (stable) {
                onError(known);
            }
        } else if (known.retriable()) {
            loop.schedule(() -> heartbeat(mine), backoff.delayMs(1)); // In the same generation.
        } else if (!closed) {
            onError(known);
        }
    }

    private void scheduleTopicCheck() {
        loop.schedule(this::checkTopics, CHECK_TOPICS.toMillis());
    }

    /** Joins again when the subscribed topics or their partitions have changed. */
    private void checkTopics() {
        if (closed) {
            return;
        }
        int mine = round;
        (stable ? topics.haveChanged() : CompletableFuture.completedFuture(false))
                .whenCompleteAsync(
                        (changed, failure) -> {
                            if (failure == null && changed && stable && !isOver(mine)) {
                                rejoin();
                            }
                            scheduleTopicCheck(); // A failure is the next check's matter.
                        },
                        loop);
    }

    /**
     * Commits as this member; fails with the first partition's error, and for partitions that are
     * not assigned. While the group rebalances the failure is retriable.
     */
    CompletableFuture<Void> commit(Map<TopicPartition, CommittedOffset> offsets) {
        if (offsets.isEmpty()) {
            return done();
        }
        for (TopicPartition partition : offsets.keySet()) {
            if (!holdings.assigned().contains(partition) || generation == NO_GENERATION) {
                return CompletableFuture.failedFuture(
                        ServerErrorException.of(
                                Errors.ILLEGAL_GENERATION,
                                "Committing to " + partition,
                                "this member does not own it (any more)"));
            }
        }
        int mine = generation;
        return link.commit(memberId, mine, offsets)
                .exceptionallyComposeAsync(
                        failure ->
                                CompletableFuture.failedFuture(
                                        retriableInRebalance(
                                                Failures.of(failure, "Committing"), mine)),
                        loop);
    }

    private HeadraceException retriableInRebalance(HeadraceException failure, int asked) {
        boolean passes =
                failure.error() == Errors.REBALANCE_IN_PROGRESS
                        || (failure.error() == Errors.ILLEGAL_GENERATION
                                && (asked != generation || !stable));
        return passes
                ? new HeadraceException(
                        failure.error(), true, "The group rebalances.", "Try again.", failure)
                : failure;
    }

    /** The committed offsets of partitions. */
    CompletableFuture<Map<TopicPartition, CommittedOffset>> committed(
            Collection<TopicPartition> partitions) {
        return link.committed(partitions);
    }

    /** Gives up what is assigned, then stops heartbeats and leaves the group if so wished. */
    CompletableFuture<Void> leave() {
        closed = true;
        round++;
        stable = false;
        return holdings.step(
                        () ->
                                generation == NO_GENERATION
                                        ? holdings.lose(holdings.assigned())
                                        : holdings.revoke(holdings.assigned()))
                .handleAsync(
                        (nothing, failure) -> {
                            beat++;
                            boolean leaves =
                                    options.leaveOnClose()
                                            && options.instanceId().isEmpty()
                                            && !memberId.isEmpty()
                                            && link.isConnected();
                            CompletableFuture<Void> left = leaves ? link.leave(memberId) : done();
                            return failure == null
                                    ? left
                                    : left.thenCompose(
                                            ok -> CompletableFuture.<Void>failedFuture(failure));
                        },
                        loop)
                .thenCompose(left -> left)
                .whenCompleteAsync((nothing, failure) -> link.close(), loop);
    }
}
