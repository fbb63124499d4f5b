package io.headrace.coordinator.shard;

import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongConsumer;

/**
 * Holds reads back until the log confirmed, after they arrived, that the owner is not fenced. One
 * check is in flight at a time and serves every read that arrived before it began; so does a commit
 * of an append begun after the read. Confined to the shard's loop.
 */
final class ReadGate {
    private final ShardLog log;
    private final Loop loop;
    private final int shardEpoch;
    private final Backoff backoff;
    private final LongConsumer onPassed;
    private final Runnable onFenced;

    /** Reads in order of arrival. */
    private final Deque<WaitingRead> waiting = new ArrayDeque<>();

    private long lastSequence;
    private long servedByAppend;
    private boolean checkInFlight;
    private boolean closed;

    private record WaitingRead(long sequence, long readId) {}

    /**
     * @param onPassed takes the id of a read that may be answered as far as the fence goes
     */
    ReadGate(
            ShardLog log,
            Loop loop,
            int shardEpoch,
            ShardProperties properties,
            LongConsumer onPassed,
            Runnable onFenced) {
        this.log = log;
        this.loop = loop;
        this.shardEpoch = shardEpoch;
        this.backoff = new Backoff(properties);
        this.onPassed = onPassed;
        this.onFenced = onFenced;
    }

    void add(long readId) {
        lastSequence++;
        waiting.add(new WaitingRead(lastSequence, readId));
    }

    /** An append begins now: its commit will serve all that wait. */
    void onAppendBegun() {
        servedByAppend = lastSequence;
    }

    void onAppendCommitted() {
        pass(servedByAppend);
    }

    /** Begins a check if reads wait that nothing under way will serve. */
    void checkIfNeeded() {
        WaitingRead newest = waiting.peekLast();
        if (closed || checkInFlight || newest == null || newest.sequence() <= servedByAppend) {
            return;
        }
        checkInFlight = true;
        long served = lastSequence;
        Answers.deliver(log.check(shardEpoch), loop, answer -> onAnswer(served, answer));
    }

    void close() {
        closed = true;
        waiting.clear();
    }

    private void onAnswer(long served, @Nullable Errors answer) {
        if (closed) {
            return;
        }
        if (answer == Errors.FENCED_STATE_EPOCH) {
            onFenced.run();
        } else if (answer == Errors.NONE) {
            checkInFlight = false;
            backoff.reset();
            pass(served);
            checkIfNeeded();
        } else {
            loop.schedule(this::retry, backoff.nextMs());
        }
    }

    private void pass(long upToSequence) {
        WaitingRead oldest = waiting.peek();
        while (oldest != null && oldest.sequence() <= upToSequence) {
            waiting.remove();
            onPassed.accept(oldest.readId());
            oldest = waiting.peek();
        }
    }

    private void retry() {
        checkInFlight = false;
        checkIfNeeded();
    }
}
