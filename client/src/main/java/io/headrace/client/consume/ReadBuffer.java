package io.headrace.client.consume;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/** Answers that wait for the subscriber, counted. Confined to the engine's loop. */
final class ReadBuffer {
    private final ReadOptions options;
    private final Deque<Buffered> answers = new ArrayDeque<>();
    private long sizeInBytes;
    private long records;

    ReadBuffer(ReadOptions options) {
        this.options = options;
    }

    /** An answer that waits, or is being handed out. */
    record Buffered(Reading reading, int generation, FetchedBatches answer, int records) {
        /** Whether its partition is still read at the place where the answer was fetched. */
        boolean isCurrent() {
            return !reading.removed && reading.generation == generation;
        }
    }

    void add(Buffered answer) {
        answers.add(answer);
        sizeInBytes += answer.answer().sizeInBytes();
        records += answer.records();
    }

    /** The next current answer, or null; it counts until it is released. */
    @Nullable Buffered poll() {
        dropStale();
        return answers.poll();
    }

    void release(Buffered answer) {
        sizeInBytes -= answer.answer().sizeInBytes();
        records -= answer.records();
    }

    void dropStale() {
        Iterator<Buffered> waiting = answers.iterator();
        while (waiting.hasNext()) {
            Buffered answer = waiting.next();
            if (!answer.isCurrent()) {
                waiting.remove();
                release(answer);
            }
        }
    }

    void clear() {
        answers.clear();
    }

    boolean isFull() {
        return sizeInBytes >= options.prefetchBytes() || records >= options.prefetchRecords();
    }
}
