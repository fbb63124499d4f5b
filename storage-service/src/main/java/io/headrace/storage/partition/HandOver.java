package io.headrace.storage.partition;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;

/**
 * A leader that is about to stop takes no more records until another one leads, so that its
 * followers end where it ends and none of them has anything to cut: while a follower cuts its log
 * it copies nothing, and whoever writes with {@code acks=all} waits.
 *
 * <p>What wants to append waits here meanwhile, in order, and is sent to the new leader then. If
 * nobody else leads within the limit, this node goes on. Confined to the partition's loop.
 */
final class HandOver {
    /** How long records wait at most; also for a controller that does not answer. */
    static final long LIMIT_MS = 300;

    private final Partition partition;
    private final Queue<Runnable> waiting = new ArrayDeque<>(0);
    private final CompletableFuture<Void> over = new CompletableFuture<>();
    private boolean underWay;

    HandOver(Partition partition) {
        this.partition = partition;
    }

    /**
     * Takes no more records, if this node leads and another one could. Once in the node's life.
     *
     * @return completes when all that this node has is committed, and so in every log in sync; or
     *     after half of the limit
     */
    CompletableFuture<Void> begin(long nowMs) {
        CompletableFuture<Void> copied = new CompletableFuture<>();
        if (partition.leaderEpoch() < 0 || !partition.hasToLeave()) {
            copied.complete(null);
            return copied;
        }
        underWay = true;
        partition.loop().schedule(this::end, LIMIT_MS);
        partition.awaitCommit(
                partition.log().logEndOffset(),
                nowMs + LIMIT_MS / 2,
                outcome -> copied.complete(null));
        return copied;
    }

    /** Runs what is to append: now, or when it is known who leads. */
    void whenOver(Runnable append) {
        if (underWay) {
            waiting.add(append);
        } else {
            append.run();
        }
    }

    /** Another node leads, or this one has to go on. */
    void end() {
        underWay = false;
        while (!waiting.isEmpty()) {
            waiting.remove().run();
        }
        over.complete(null);
    }

    /** Completes when nothing waits here any more. */
    CompletableFuture<Void> over() {
        return underWay ? over : CompletableFuture.completedFuture(null);
    }
}
