package io.headrace.client.group;

import io.headrace.client.connection.Failures;
import io.headrace.client.error.DeadlineExceededException;
import io.headrace.client.group.GroupMembership.Owner;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.TopicPartition;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * The partitions that a member holds, and their owner, who is told of them one step at a time, so
 * that it never takes up what a later step has given away. Confined to its loop, but for {@link
 * #assigned}.
 */
final class Holdings {
    private final GroupOptions options;
    private final Loop loop;
    private final Owner owner;
    private volatile Set<TopicPartition> assigned = Set.of();
    private CompletableFuture<Void> lastStep = CompletableFuture.completedFuture(null);
    private Set<TopicPartition> unbegun = Set.of();

    Holdings(GroupOptions options, Loop loop, Owner owner) {
        this.options = options;
        this.loop = loop;
        this.owner = owner;
    }

    Set<TopicPartition> assigned() {
        return assigned;
    }

    /** Assigned, but not begun: what the owner was told of and has not answered. */
    Set<TopicPartition> unbegun() {
        return unbegun;
    }

    /** Lets the owner do something after all it was told before, whatever came of that. */
    CompletableFuture<Void> step(Supplier<CompletableFuture<Void>> action) {
        lastStep =
                lastStep.handleAsync((nothing, failure) -> true, loop)
                        .thenCompose(free -> action.get());
        return lastStep;
    }

    /** What the owner answers in time; what it answers later is nobody's matter. */
    private <T> CompletableFuture<T> inTime(CompletableFuture<T> answer) {
        return answer.copy()
                .orTimeout(options.rebalanceTimeout().toMillis(), TimeUnit.MILLISECONDS)
                .exceptionallyCompose(this::explained);
    }

    private <T> CompletableFuture<T> explained(Throwable failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        return CompletableFuture.failedFuture(
                failure instanceof TimeoutException || cause instanceof TimeoutException
                        ? new DeadlineExceededException(
                                "The partitions of group "
                                        + options.groupId()
                                        + " were not handed over within the rebalance timeout.",
                                "Let the rebalance listener answer sooner.",
                                cause)
                        : failure);
    }

    /** Tells the owner that these are about to be given away; they are gone whatever it answers. */
    CompletableFuture<Void> revoke(Set<TopicPartition> removed) {
        return removed.isEmpty()
                ? CompletableFuture.completedFuture(null)
                : inTime(owner.onRevoked(removed))
                        .whenCompleteAsync((nothing, failure) -> keepWithout(removed), loop);
    }

    /** Tells the owner that these belong to others already. */
    CompletableFuture<Void> lose(Set<TopicPartition> removed) {
        keepWithout(removed);
        return removed.isEmpty()
                ? CompletableFuture.completedFuture(null)
                : inTime(owner.onLost(removed));
    }

    /** Tells the owner that these are its own from now on. */
    CompletableFuture<Void> take(Set<TopicPartition> added) {
        Set<TopicPartition> all = new HashSet<>(assigned);
        all.addAll(added);
        assigned = Set.copyOf(all);
        unbegun = added;
        return inTime(owner.onAssigned(added))
                .thenAcceptAsync(
                        begin -> {
                            begin.run();
                            unbegun = Set.of();
                        },
                        loop)
                .whenCompleteAsync(
                        (nothing, failure) -> {
                            // When it was late only, the next round takes them back from it.
                            if (failure != null && !isLate(failure)) {
                                keepWithout(added); // They come back in the next round.
                            }
                        },
                        loop);
    }

    private static boolean isLate(Throwable failure) {
        return Failures.of(failure, "") instanceof DeadlineExceededException late
                && late.getCause() instanceof TimeoutException;
    }

    private void keepWithout(Set<TopicPartition> removed) {
        Set<TopicPartition> left = new HashSet<>(assigned);
        left.removeAll(removed);
        assigned = Set.copyOf(left);
        Set<TopicPartition> waiting = new HashSet<>(unbegun);
        waiting.removeAll(removed);
        unbegun = Set.copyOf(waiting);
    }
}
