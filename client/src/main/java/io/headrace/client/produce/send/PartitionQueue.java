package io.headrace.client.produce.send;

import io.headrace.client.produce.ProducerOptions;
import io.headrace.client.produce.ProducerRecord;
import io.headrace.client.produce.SendCallback;
import io.headrace.protocol.batch.BatchDescriptor;
import io.headrace.protocol.batch.RecordHeader;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The accumulator of one partition: batches that wait to be sent for the first time, of which the
 * last is open. A batch counts as full at {@code batchBytes}; while it cannot be sent yet it goes
 * on growing, so that a slow partition gets larger batches instead of more of them. Thread-safe:
 * every method holds the queue's lock.
 */
final class PartitionQueue {
    /** Outcome of {@link #append}. */
    enum Appended {
        /** Into a batch that others already wait for. */
        YES,
        /** The batch has just begun, or has just become full: the sender should look. */
        YES_WAKE_SENDER,
        /** The buffer has no room now. */
        NO_ROOM
    }

    private static final int GROWTH = 16;
    private static final int GROWN_BYTES_MAX = 256 * 1024;
    private static final int RECORD_OVERHEAD_BYTES_MAX = 36;

    private final TopicPartition partition;
    private final ProducerOptions options;
    private final BufferMemory memory;
    private final int grownBytes;
    private final Deque<ProduceBatch> batches = new ArrayDeque<>();
    private long queuedBytes;

    PartitionQueue(TopicPartition partition, ProducerOptions options, BufferMemory memory) {
        this.partition = partition;
        this.options = options;
        this.memory = memory;
        this.grownBytes =
                Math.min(
                        options.maxRequestBytes(),
                        Math.max(
                                options.batchBytes(),
                                (int)
                                        Math.min(
                                                (long) options.batchBytes() * GROWTH,
                                                GROWN_BYTES_MAX)));
    }

    TopicPartition partition() {
        return partition;
    }

    /** The most bytes that a record takes in a batch. */
    static long upperBoundBytes(ProducerRecord record) {
        byte[] key = record.key();
        byte[] value = record.value();
        long bytes = RECORD_OVERHEAD_BYTES_MAX;
        bytes += key == null ? 0 : key.length;
        bytes += value == null ? 0 : value.length;
        for (RecordHeader header : record.headers()) {
            byte[] headerValue = header.value();
            bytes += 10 + 3L * header.key().length();
            bytes += headerValue == null ? 0 : headerValue.length;
        }
        return bytes;
    }

    /** Adds a record to the open batch, or to a new one. */
    synchronized Appended append(
            ProducerRecord record, long timestampMs, SendCallback callback, long nowMs) {
        long bytes = upperBoundBytes(record);
        ProduceBatch open = batches.peekLast();
        if (open != null && fits(open, bytes)) {
            int before = open.uncompressedBytes();
            open.append(record, timestampMs, callback);
            int after = open.uncompressedBytes();
            queuedBytes += after - before;
            boolean nowFull = before < options.batchBytes() && after >= options.batchBytes();
            return nowFull ? Appended.YES_WAKE_SENDER : Appended.YES;
        }
        long size = Math.max(options.batchBytes(), bytes + BatchDescriptor.HEADER_BYTES);
        if (!memory.tryReserve(size)) {
            return Appended.NO_ROOM;
        }
        int maxBytes = (int) Math.max(grownBytes, bytes + BatchDescriptor.HEADER_BYTES);
        ProduceBatch batch =
                new ProduceBatch(
                        partition, options.compression(), (int) size, maxBytes, size, nowMs);
        batch.append(record, timestampMs, callback);
        queuedBytes += batch.uncompressedBytes();
        batches.add(batch);
        return Appended.YES_WAKE_SENDER;
    }

    private boolean fits(ProduceBatch open, long bytes) {
        long needed = open.uncompressedBytes() + bytes;
        if (needed <= open.reservedBytes()) {
            return true;
        }
        if (needed > grownBytes) {
            return false;
        }
        long more = Math.max(options.batchBytes(), needed - open.reservedBytes());
        if (!memory.tryReserve(more)) {
            return false;
        }
        open.addReserved(more);
        return true;
    }

    /** When the first batch may be sent; {@link Long#MAX_VALUE} when there is none. */
    synchronized long readyAtMs() {
        ProduceBatch first = batches.peekFirst();
        if (first == null) {
            return Long.MAX_VALUE;
        }
        boolean full = batches.size() > 1 || first.uncompressedBytes() >= options.batchBytes();
        return full ? first.createdMs() : first.createdMs() + options.lingerMs();
    }

    /** Takes the first batch out if it may be sent; with {@code urgent} without lingering. */
    synchronized @Nullable ProduceBatch poll(long nowMs, boolean urgent, int maxBytes) {
        ProduceBatch first = batches.peekFirst();
        if (first == null
                || first.uncompressedBytes() > maxBytes
                || (!urgent && readyAtMs() > nowMs)) {
            return null;
        }
        batches.removeFirst();
        queuedBytes -= first.uncompressedBytes();
        return first;
    }

    /** Takes out the batches that were created before that time, or all. */
    synchronized List<ProduceBatch> pollCreatedBefore(long timeMs) {
        List<ProduceBatch> old = new ArrayList<>();
        ProduceBatch first = batches.peekFirst();
        while (first != null && first.createdMs() < timeMs) {
            old.add(first);
            queuedBytes -= first.uncompressedBytes();
            batches.removeFirst();
            first = batches.peekFirst();
        }
        return old;
    }

    synchronized boolean isEmpty() {
        return batches.isEmpty();
    }

    /** When the first batch was created; {@link Long#MAX_VALUE} when there is none. */
    synchronized long oldestMs() {
        ProduceBatch first = batches.peekFirst();
        return first == null ? Long.MAX_VALUE : first.createdMs();
    }

    /** Bytes that wait, before compression. */
    synchronized long queuedBytes() {
        return queuedBytes;
    }

    synchronized List<ProduceBatch> snapshot() {
        return List.copyOf(batches);
    }
}
