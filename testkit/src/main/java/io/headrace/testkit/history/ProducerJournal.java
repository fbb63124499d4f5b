package io.headrace.testkit.history;

import java.util.Arrays;

/**
 * What one producer sent to one topic and what was acknowledged, in ten bytes a record: for runs
 * with millions of records. Thread-safe.
 */
public final class ProducerJournal {
    private static final long NOT_ACKNOWLEDGED = -1;

    private final String producer;
    private final int id;
    private final String topic;
    private short[] partitions = new short[1 << 10];
    private long[] offsets = new long[1 << 10];
    private int count;

    /**
     * An empty journal.
     *
     * @param id tells producers of one run apart in {@link RecordCode}
     */
    public ProducerJournal(String producer, int id, String topic) {
        this.producer = producer;
        this.id = id;
        this.topic = topic;
    }

    public String producer() {
        return producer;
    }

    public String topic() {
        return topic;
    }

    /** The number that tells this producer's records from those of others. */
    public int id() {
        return id;
    }

    /**
     * Notes that a record is about to be sent.
     *
     * @return its sequence number
     */
    public synchronized long sent(int partition) {
        if (count == partitions.length) {
            partitions = Arrays.copyOf(partitions, count * 2);
            offsets = Arrays.copyOf(offsets, count * 2);
        }
        partitions[count] = (short) partition;
        offsets[count] = NOT_ACKNOWLEDGED;
        return count++;
    }

    /** Notes that a record was acknowledged. */
    public synchronized void acknowledged(long sequence, long offset) {
        offsets[Math.toIntExact(sequence)] = offset;
    }

    /** How many records were sent. */
    public synchronized int count() {
        return count;
    }

    /** How many of them were acknowledged. */
    public synchronized int acknowledgedCount() {
        int acknowledged = 0;
        for (int i = 0; i < count; i++) {
            acknowledged += offsets[i] == NOT_ACKNOWLEDGED ? 0 : 1;
        }
        return acknowledged;
    }

    /** Whether a record was sent, and to this partition. */
    synchronized boolean hasSent(long sequence, int partition) {
        return sequence >= 0 && sequence < count && partitions[(int) sequence] == partition;
    }

    synchronized int partitionOf(long sequence) {
        return partitions[Math.toIntExact(sequence)];
    }

    /** Where a record was acknowledged; -1 when it was not. */
    synchronized long offsetOf(long sequence) {
        return offsets[Math.toIntExact(sequence)];
    }

    SentRecord record(long sequence) {
        return new SentRecord(producer, sequence, topic, partitionOf(sequence));
    }
}
