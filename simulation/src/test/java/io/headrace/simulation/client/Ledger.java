package io.headrace.simulation.client;

import io.headrace.testkit.history.Acknowledgement;
import io.headrace.testkit.history.SentRecord;

import org.apache.kafka.common.TopicPartition;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the clients of a run sent, were promised and read, so far. */
public final class Ledger {
    private record Place(TopicPartition partition, long offset) {}

    private final Map<Long, SentRecord> byCode = new HashMap<>();
    private final Set<SentRecord> sent = new HashSet<>();
    private final List<Acknowledgement> acknowledged = new ArrayList<>();
    private final Map<Place, Long> seen = new HashMap<>();
    private long sequenceRefusals;
    private long nextCode;

    /** A record that is about to be sent; the code is its value. */
    long onSending(String producer, long sequence, TopicPartition partition) {
        long code = ++nextCode;
        SentRecord record =
                new SentRecord(producer, sequence, partition.topic(), partition.partition());
        byCode.put(code, record);
        sent.add(record);
        return code;
    }

    void onAcknowledged(long code, long offset) {
        acknowledged.add(new Acknowledgement(recordOf(code), offset));
    }

    void onSequenceRefused() {
        sequenceRefusals++;
    }

    /**
     * Notes what any reader was given, and compares it with what others were given at that offset.
     */
    public void onRead(TopicPartition partition, long offset, long code) {
        Long before = seen.putIfAbsent(new Place(partition, offset), code);
        if (before != null && before != code) {
            throw new AssertionError(
                    "two readers see different records: %s at offset %d is %s and %s"
                            .formatted(partition, offset, recordOf(before), recordOf(code)));
        }
    }

    /** The record of a value. */
    public SentRecord recordOf(long code) {
        SentRecord record = byCode.get(code);
        if (record == null) {
            throw new AssertionError("a record that nobody sent: " + code);
        }
        return record;
    }

    public Set<SentRecord> sent() {
        return sent;
    }

    public List<Acknowledgement> acknowledged() {
        return acknowledged;
    }

    /** Batches that a leader refused for their sequence number. */
    public long sequenceRefusals() {
        return sequenceRefusals;
    }
}
