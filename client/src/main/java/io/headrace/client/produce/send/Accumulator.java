package io.headrace.client.produce.send;

import io.headrace.client.connection.Failures;
import io.headrace.client.error.BufferFullException;
import io.headrace.client.error.DeadlineExceededException;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.error.ServerErrorException;
import io.headrace.client.metadata.ClusterView.TopicView;
import io.headrace.client.metadata.Metadata;
import io.headrace.client.produce.ProducerOptions;
import io.headrace.client.produce.ProducerRecord;
import io.headrace.client.produce.SendCallback;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * Takes records in: into the queue of their partition, or, while the topic is unknown or the buffer
 * full, into a bounded line of waiting ones that keeps their order. Thread-safe; the fast path
 * takes one partition's lock only.
 */
final class Accumulator {
    private final ProducerOptions options;
    private final BufferMemory memory;
    private final Metadata metadata;
    private final Consumer<PartitionQueue> wakeSender;
    private final RandomGenerator random;
    private final Map<String, TopicQueues> topics = new ConcurrentHashMap<>();
    private final Queue<Runnable> roomListeners = new ConcurrentLinkedQueue<>();

    private final AtomicInteger waitingCount = new AtomicInteger();

    // Guarded by this.
    private final Map<String, Deque<Waiting>> waitingForTopic = new HashMap<>();
    private final Deque<Waiting> waitingForRoom = new ArrayDeque<>();
    private long waitingBytes;

    private record Waiting(
            ProducerRecord record, SendCallback callback, long deadlineMs, boolean refreshed) {}

    /** Why a record was not taken into a queue. */
    private enum Obstacle {
        NONE,
        NO_ROOM,
        TOPIC_UNKNOWN
    }

    Accumulator(
            ProducerOptions options,
            BufferMemory memory,
            Metadata metadata,
            RandomGenerator random,
            Consumer<PartitionQueue> wakeSender) {
        this.options = options;
        this.memory = memory;
        this.metadata = metadata;
        this.random = random;
        this.wakeSender = wakeSender;
    }

    int waitingCount() {
        return waitingCount.get();
    }

    /**
     * Takes a record in.
     *
     * @param mayWait whether it may wait for room
     * @return false when it may not wait and there is no room; then the callback is never called
     */
    boolean add(ProducerRecord record, SendCallback callback, boolean mayWait, long nowMs) {
        long bytes = PartitionQueue.upperBoundBytes(record);
        if (bytes > options.maxRequestBytes()) {
            callback.onFailed(tooLarge(bytes));
            return true;
        }
        Obstacle obstacle =
                waitingCount.get() > 0 ? Obstacle.NO_ROOM : tryAppend(record, callback, nowMs);
        return obstacle == Obstacle.NONE
                || line(record, callback, mayWait, nowMs + options.maxBlock().toMillis());
    }

    private HeadraceException tooLarge(long bytes) {
        return ServerErrorException.of(
                Errors.MESSAGE_TOO_LARGE,
                "Sending a record",
                "it takes " + bytes + " bytes, maxRequestBytes is " + options.maxRequestBytes());
    }

    private Obstacle tryAppend(ProducerRecord record, SendCallback callback, long nowMs) {
        TopicQueues topic = topics.get(record.topic());
        if (topic == null || record.partition() >= topic.partitionCount()) {
            return Obstacle.TOPIC_UNKNOWN;
        }
        PartitionQueue queue = topic.queue(partition(record, topic));
        long timestampMs = record.timestampMs() < 0 ? nowMs : record.timestampMs();
        return switch (queue.append(record, timestampMs, callback, nowMs)) {
            case YES -> Obstacle.NONE;
            case YES_WAKE_SENDER -> {
                wakeSender.accept(queue);
                yield Obstacle.NONE;
            }
            case NO_ROOM -> Obstacle.NO_ROOM;
        };
    }

    private int partition(ProducerRecord record, TopicQueues topic) {
        if (record.partition() >= 0) {
            return record.partition();
        }
        int count = topic.partitionCount();
        int chosen = options.partitioner().partition(record.topic(), record.key(), count);
        if (chosen >= count) {
            throw new IllegalStateException(
                    "The partitioner chose " + chosen + " of " + count + " partitions");
        }
        return chosen >= 0
                ? chosen
                : topic.stickyPartition((int) PartitionQueue.upperBoundBytes(record));
    }

    /** Puts a record into line, in order with those that already wait. */
    private boolean line(
            ProducerRecord record, SendCallback callback, boolean mayWait, long deadlineMs) {
        long bytes = PartitionQueue.upperBoundBytes(record);
        boolean lookUp = false;
        synchronized (this) {
            TopicQueues topic = topics.get(record.topic());
            boolean unknown = topic == null || record.partition() >= topic.partitionCount();
            boolean full =
                    waitingCount.get() >= options.maxWaiting()
                            || waitingBytes + bytes > options.bufferBytes();
            if (full && mayWait) {
                callback.onFailed(
                        new BufferFullException(
                                waitingCount.get() + " records already wait to be taken in.",
                                "Send slower, or raise bufferBytes or maxWaiting."));
                return true;
            }
            if (full || (!mayWait && !unknown)) {
                return false;
            }
            Waiting waiting = new Waiting(record, callback, deadlineMs, false);
            waitingCount.incrementAndGet();
            waitingBytes += bytes;
            if (unknown) {
                Deque<Waiting> line = waitingForTopic.get(record.topic());
                lookUp = line == null;
                if (line == null) {
                    line = new ArrayDeque<>();
                    waitingForTopic.put(record.topic(), line);
                }
                line.add(waiting);
            } else {
                waitingForRoom.add(waiting);
            }
        }
        if (lookUp) {
            lookUp(record.topic());
        } else {
            pump(System.currentTimeMillis());
        }
        return true;
    }

    private void lookUp(String topic) {
        boolean known = topics.containsKey(topic);
        (known
                        ? metadata.refresh().thenCompose(view -> metadata.topic(topic))
                        : metadata.topic(topic))
                .whenComplete((view, failure) -> onLookedUp(topic, view, failure));
    }

    private void onLookedUp(String name, @Nullable TopicView view, @Nullable Throwable failure) {
        List<Waiting> failed = new ArrayList<>();
        synchronized (this) {
            Deque<Waiting> line = waitingForTopic.remove(name);
            if (view != null) {
                topics.computeIfAbsent(name, n -> new TopicQueues(view, options, memory, random))
                        .update(view);
            }
            while (line != null && !line.isEmpty()) {
                Waiting waiting = line.poll();
                if (view == null || waiting.record().partition() >= view.partitions().size()) {
                    failed.add(waiting);
                    leave(waiting);
                } else {
                    waitingForRoom.add(waiting);
                }
            }
        }
        for (Waiting waiting : failed) {
            waiting.callback().onFailed(lookUpFailure(waiting, view, failure));
        }
        pump(System.currentTimeMillis());
        tellRoom();
    }

    private static HeadraceException lookUpFailure(
            Waiting waiting, @Nullable TopicView view, @Nullable Throwable failure) {
        if (failure != null) {
            return Failures.of(failure, "Looking up " + waiting.record().topic());
        }
        return ServerErrorException.of(
                Errors.UNKNOWN_TOPIC_OR_PARTITION,
                "Sending to partition " + waiting.record().partition(),
                "topic "
                        + waiting.record().topic()
                        + " has "
                        + (view == null ? 0 : view.partitions().size())
                        + " partitions");
    }

    private void leave(Waiting waiting) {
        waitingBytes -= PartitionQueue.upperBoundBytes(waiting.record());
        waitingCount.decrementAndGet();
    }

    /** Takes in what waits, as far as there is room. */
    void pump(long nowMs) {
        synchronized (this) {
            Waiting first = waitingForRoom.peek();
            while (first != null
                    && tryAppend(first.record(), first.callback(), nowMs) == Obstacle.NONE) {
                waitingForRoom.remove();
                leave(first);
                first = waitingForRoom.peek();
            }
        }
    }

    /** Gives memory back and lets in what waits for it. */
    void release(long bytes, long nowMs) {
        memory.release(bytes);
        if (waitingCount.get() > 0) {
            pump(nowMs);
        }
        tellRoom();
    }

    private void tellRoom() {
        // Listeners that ask again wait for the next time.
        int count = roomListeners.size();
        for (int i = 0; i < count; i++) {
            Runnable listener = roomListeners.poll();
            if (listener != null) {
                listener.run();
            }
        }
    }

    /** Runs the listener once, when memory has been given back. */
    void onceRoom(Runnable listener) {
        roomListeners.add(listener);
    }

    /** Fails what has waited for too long, or all; answers the next deadline. */
    long expire(long nowMs, @Nullable HeadraceException reason) {
        List<Waiting> late = new ArrayList<>();
        long next = Long.MAX_VALUE;
        synchronized (this) {
            if (waitingCount.get() == 0) {
                return next;
            }
            List<Deque<Waiting>> lines = new ArrayList<>(waitingForTopic.values());
            lines.add(waitingForRoom);
            for (Deque<Waiting> line : lines) {
                Waiting first = line.peek();
                while (first != null && (reason != null || first.deadlineMs() <= nowMs)) {
                    late.add(first);
                    leave(first);
                    line.remove();
                    first = line.peek();
                }
                next = first == null ? next : Math.min(next, first.deadlineMs());
            }
        }
        for (Waiting waiting : late) {
            waiting.callback().onFailed(reason != null ? reason : expired(waiting));
        }
        if (!late.isEmpty()) {
            tellRoom();
        }
        return next;
    }

    private HeadraceException expired(Waiting waiting) {
        String topic = waiting.record().topic();
        return topics.containsKey(topic)
                ? new BufferFullException(
                        "No room in the buffer of "
                                + options.bufferBytes()
                                + " bytes within "
                                + options.maxBlock()
                                + ".",
                        "Send slower, or raise bufferBytes or maxBlock.")
                : new DeadlineExceededException(
                        "Topic " + topic + " is not known after " + options.maxBlock() + ".",
                        "Check the name and the connection.");
    }

    /** Takes in what is known now of a topic in use. */
    void refreshTopics() {
        for (TopicQueues topic : topics.values()) {
            TopicView fresh = metadata.latest().topics().get(topic.view().name());
            if (fresh != null && fresh.error() == Errors.NONE) {
                topic.update(fresh);
            }
        }
    }
}
