package io.headrace.storage.producer;

import io.headrace.protocol.batch.BatchDescriptor;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.ControlMarker;
import io.headrace.protocol.batch.RecordReader;
import io.headrace.protocol.batch.StoredRecord;
import io.headrace.storage.segment.AbortedTransactionEntry;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The producers of one log. {@link #check} decides whether a batch may be appended and changes
 * nothing; {@link #apply} notes a batch that is in the log. Confined to the log's owner.
 */
public final class ProducerStates {
    private static final long CONTROL_RECORD_MAX_BYTES = 1024;

    /** Answer of {@link #check}: the batch is new. */
    public static final long NOT_A_DUPLICATE = -1;

    private final ProducerIds ids;
    private final String logName;
    private Map<Long, ProducerEntry> entries = Map.of();
    private @Nullable ProducerEntry recent;

    /** First offset of each open transaction -> its producer. */
    private final TreeMap<Long, Long> open = new TreeMap<>();

    /** Ended transactions whose marker is not below the high watermark yet, by first offset. */
    private final Deque<Ended> ended = new ArrayDeque<>(0);

    private long changes;

    private record Ended(long firstOffset, long lastOffset) {}

    public ProducerStates(ProducerIds ids, String logName) {
        this.ids = ids;
        this.logName = logName;
    }

    /** How many changes there were: equal numbers mean equal states. */
    public long changes() {
        return changes;
    }

    /** Producer ids remembered. */
    public int count() {
        return entries.size();
    }

    /**
     * Checks a client's data batch.
     *
     * @param previous where the batch before it in the same append begins, or -1
     * @return base offset of the same batch already in the log, or {@link #NOT_A_DUPLICATE}
     * @throws org.apache.kafka.common.errors.ApiException when it must not be appended
     */
    public long check(ByteBuffer batches, int index, int previous) {
        long producerId = BatchView.producerId(batches, index);
        short producerEpoch = BatchView.producerEpoch(batches, index);
        int baseSequence = BatchView.baseSequence(batches, index);
        ProducerEntry entry = find(producerId);
        if (entry == null) {
            if (previous >= 0 && BatchView.producerId(batches, previous) == producerId) {
                checkFollows(batches, index, previous);
            } else if (!ids.hasRoom()) {
                throw Errors.POLICY_VIOLATION.exception(
                        "This node remembers "
                                + ids.idsMax()
                                + " producer ids, the most it may, and takes no new one: retry"
                                + " later, or raise the limit of producer ids");
            }
            return NOT_A_DUPLICATE; // KIP-360: an unknown producer may begin with any sequence
        }
        if (producerEpoch < entry.producerEpoch) {
            throw Errors.INVALID_PRODUCER_EPOCH.exception(
                    "Epoch of producer "
                            + producerId
                            + " in "
                            + logName
                            + " is "
                            + producerEpoch
                            + ", which is smaller than the last seen epoch "
                            + entry.producerEpoch);
        }
        boolean transactional = BatchView.isTransactional(batches, index);
        if (producerEpoch == entry.producerEpoch
                && entry.transactionFirstOffset != ProducerEntry.NO_TRANSACTION
                && !transactional) {
            throw Errors.INVALID_TXN_STATE.exception(
                    "Expected transactional write from producer with id " + producerId);
        }
        if (previous >= 0 && BatchView.producerId(batches, previous) == producerId) {
            checkFollows(batches, index, previous);
            return NOT_A_DUPLICATE;
        }
        if (producerEpoch != entry.producerEpoch) {
            if (baseSequence != 0) {
                throw outOfOrder(
                        producerId, baseSequence, -1, "for the new epoch " + producerEpoch);
            }
            return NOT_A_DUPLICATE;
        }
        int duplicate = entry.findBatch(baseSequence, BatchView.lastSequence(batches, index));
        if (duplicate >= 0) {
            return entry.baseOffsetOf(duplicate);
        }
        if (!follows(entry.lastSequence(), baseSequence)) {
            throw outOfOrder(producerId, baseSequence, entry.lastSequence(), "");
        }
        return NOT_A_DUPLICATE;
    }

    private void checkFollows(ByteBuffer batches, int index, int previous) {
        boolean sameEpoch =
                BatchView.producerEpoch(batches, previous)
                        == BatchView.producerEpoch(batches, index);
        int last = sameEpoch ? BatchView.lastSequence(batches, previous) : -1;
        if (!follows(last, BatchView.baseSequence(batches, index))) {
            throw outOfOrder(
                    BatchView.producerId(batches, index),
                    BatchView.baseSequence(batches, index),
                    last,
                    "within one append");
        }
    }

    private static boolean follows(int lastSequence, int baseSequence) {
        return baseSequence == lastSequence + 1L
                || (baseSequence == 0 && lastSequence == Integer.MAX_VALUE);
    }

    private RuntimeException outOfOrder(long producerId, int sequence, int last, String where) {
        return Errors.OUT_OF_ORDER_SEQUENCE_NUMBER.exception(
                "Out of order sequence number for producer "
                        + producerId
                        + " in "
                        + logName
                        + ": "
                        + sequence
                        + " (incoming seq. number), "
                        + last
                        + " (current end sequence number) "
                        + where);
    }

    /** Whether the producer has an open transaction in exactly that epoch. */
    public boolean isTransactionOpen(long producerId, short producerEpoch) {
        ProducerEntry entry = find(producerId);
        return entry != null
                && entry.producerEpoch == producerEpoch
                && entry.transactionFirstOffset != ProducerEntry.NO_TRANSACTION;
    }

    /** Whether anything is remembered of a producer. */
    public boolean isKnown(long producerId) {
        return find(producerId) != null;
    }

    /**
     * Checks a marker of a transaction whose end raised the epoch (KIP-890): it has a later epoch
     * than what it ends, so an equal one has ended the transaction before and comes again.
     *
     * @throws org.apache.kafka.common.errors.ApiException when it must not be appended
     */
    public void checkRaisedEpoch(long producerId, short markerEpoch) {
        if (isTransactionOpen(producerId, markerEpoch)) {
            throw Errors.INVALID_PRODUCER_EPOCH.exception(
                    "Marker of producer "
                            + producerId
                            + " in "
                            + logName
                            + " has epoch "
                            + markerEpoch
                            + ", which the open transaction has already");
        }
    }

    /**
     * Checks the end-of-transaction marker of a control batch: an older coordinator, or an older
     * epoch of the producer, may end nothing.
     *
     * @throws org.apache.kafka.common.errors.ApiException when it must not be appended
     */
    public void checkMarker(ByteBuffer batches, int index) {
        ProducerEntry entry = find(BatchView.producerId(batches, index));
        ControlMarker marker = markerIn(batches, index);
        if (entry == null || marker == null) {
            return;
        }
        short producerEpoch = BatchView.producerEpoch(batches, index);
        if (producerEpoch < entry.producerEpoch) {
            throw Errors.INVALID_PRODUCER_EPOCH.exception(
                    "Marker of producer "
                            + entry.producerId
                            + " in "
                            + logName
                            + " has epoch "
                            + producerEpoch
                            + ", which is smaller than the last seen epoch "
                            + entry.producerEpoch);
        }
        if (marker.coordinatorEpoch() < entry.coordinatorEpoch) {
            throw Errors.TRANSACTION_COORDINATOR_FENCED.exception(
                    "Marker of producer "
                            + entry.producerId
                            + " in "
                            + logName
                            + " has coordinator epoch "
                            + marker.coordinatorEpoch()
                            + ", which is older than "
                            + entry.coordinatorEpoch);
        }
    }

    /**
     * Notes a batch of a producer that is in the log now, with its offsets set.
     *
     * @param nowMs from when the producer's silence counts
     * @return the transaction that it aborted, or null
     */
    public @Nullable AbortedTransactionEntry apply(ByteBuffer batches, int index, long nowMs) {
        if (BatchView.isControl(batches, index)) {
            return applyMarker(batches, index, nowMs);
        }
        ProducerEntry entry = entryFor(batches, index);
        entry.lastSeenMs = nowMs;
        if (BatchView.baseSequence(batches, index) != BatchDescriptor.NO_SEQUENCE) {
            entry.addBatch(
                    BatchView.lastSequence(batches, index),
                    BatchView.lastOffset(batches, index),
                    BatchView.lastOffsetDelta(batches, index));
        }
        if (BatchView.isTransactional(batches, index)
                && entry.transactionFirstOffset == ProducerEntry.NO_TRANSACTION) {
            entry.transactionFirstOffset = BatchView.baseOffset(batches, index);
            open.put(entry.transactionFirstOffset, entry.producerId);
        }
        changes++;
        return null;
    }

    private @Nullable AbortedTransactionEntry applyMarker(
            ByteBuffer batches, int index, long nowMs) {
        ControlMarker marker = markerIn(batches, index);
        if (marker == null) {
            return null;
        }
        ProducerEntry entry = entryFor(batches, index);
        entry.lastSeenMs = nowMs;
        entry.coordinatorEpoch = marker.coordinatorEpoch();
        changes++;
        long firstOffset = entry.transactionFirstOffset;
        if (firstOffset == ProducerEntry.NO_TRANSACTION) {
            return null;
        }
        long lastOffset = BatchView.lastOffset(batches, index);
        entry.transactionFirstOffset = ProducerEntry.NO_TRANSACTION;
        open.remove(firstOffset);
        ended.addLast(new Ended(firstOffset, lastOffset));
        if (marker.type() == ControlMarker.Type.COMMIT) {
            return null;
        }
        long lastStableOffset = open.isEmpty() ? lastOffset + 1 : open.firstKey();
        return new AbortedTransactionEntry(
                entry.producerId, firstOffset, lastOffset, lastStableOffset);
    }

    private static @Nullable ControlMarker markerIn(ByteBuffer batches, int index) {
        try (RecordReader records = RecordReader.open(batches, index, CONTROL_RECORD_MAX_BYTES)) {
            if (!records.hasNext()) {
                return null; // compaction emptied the batch
            }
            StoredRecord record = records.next();
            return ControlMarker.isEndOfTransaction(record) ? ControlMarker.parse(record) : null;
        }
    }

    private ProducerEntry entryFor(ByteBuffer batches, int index) {
        long producerId = BatchView.producerId(batches, index);
        short producerEpoch = BatchView.producerEpoch(batches, index);
        ProducerEntry entry = find(producerId);
        if (entry == null) {
            entry = new ProducerEntry(producerId, producerEpoch);
            put(entry);
        } else if (producerEpoch != entry.producerEpoch) {
            entry.producerEpoch = producerEpoch;
            entry.clearBatches();
        }
        return entry;
    }

    private void put(ProducerEntry entry) {
        if (entries.isEmpty()) {
            entries = new HashMap<>();
        }
        if (entries.put(entry.producerId, entry) == null) {
            ids.add(1);
        }
        recent = entry;
    }

    private @Nullable ProducerEntry find(long producerId) {
        ProducerEntry last = recent;
        if (last != null && last.producerId == producerId) {
            return last;
        }
        ProducerEntry found = entries.get(producerId);
        if (found != null) {
            recent = found;
        }
        return found;
    }

    /**
     * First offset of the oldest transaction that is not both ended and below the high watermark;
     * -1.
     */
    public long firstUnstableOffset() {
        long first = open.isEmpty() ? Long.MAX_VALUE : open.firstKey();
        for (Ended transaction : ended) {
            first = Math.min(first, transaction.firstOffset());
        }
        return first == Long.MAX_VALUE ? -1 : first;
    }

    /** Markers below this are replicated: their transactions are stable. */
    public void onHighWatermark(long highWatermark) {
        while (!ended.isEmpty() && ended.getFirst().lastOffset() < highWatermark) {
            ended.removeFirst();
        }
    }

    /** The clock jumped: everybody was silent for as long as before. */
    public void onClockJump(long jumpMs) {
        entries.values().forEach(entry -> entry.lastSeenMs += jumpMs);
    }

    /**
     * Forgets producers that were silent since then and have no open transaction
     * (producer.id.expiration.ms, KIP-854).
     */
    public void expire(long silentSinceMs) {
        if (entries.isEmpty()) {
            return;
        }
        int before = entries.size();
        Iterator<ProducerEntry> each = entries.values().iterator();
        while (each.hasNext()) {
            ProducerEntry entry = each.next();
            if (entry.lastSeenMs < silentSinceMs
                    && entry.transactionFirstOffset == ProducerEntry.NO_TRANSACTION) {
                each.remove();
            }
        }
        if (entries.size() != before) {
            ids.add(entries.size() - before);
            recent = null;
            changes++;
        }
    }

    /** Forgets everything: the log is gone, or its state is built anew. */
    public void clear() {
        ids.add(-entries.size());
        entries = Map.of();
        recent = null;
        open.clear();
        ended.clear();
        changes++;
    }

    /** Hears what each producer wrote last. */
    @FunctionalInterface
    public interface LastWrittenVisitor {
        /**
         * Takes one producer.
         *
         * @param lastDataOffset last offset of its last batch of data, -1 when none is known
         */
        void visit(long producerId, long lastDataOffset, short producerEpoch);
    }

    /** Tells, for each producer, what compaction must keep of it. */
    public void visitLastWritten(LastWrittenVisitor visitor) {
        for (ProducerEntry entry : entries.values()) {
            visitor.visit(entry.producerId, entry.lastOffset(), entry.producerEpoch);
        }
    }

    /** What is known of each producer. */
    public List<ProducerState> describe() {
        List<ProducerState> states = new ArrayList<>(entries.size());
        for (ProducerEntry entry : entries.values()) {
            states.add(
                    new ProducerState(
                            entry.producerId,
                            entry.producerEpoch,
                            entry.lastSequence(),
                            entry.lastSeenMs,
                            entry.coordinatorEpoch,
                            entry.transactionFirstOffset));
        }
        return states;
    }

    /** The bytes of a snapshot of this state. */
    public byte[] toSnapshot() {
        return ProducerSnapshot.encode(entries.values());
    }

    /**
     * Takes over the state of a snapshot.
     *
     * @return false, with nothing changed, when its bytes are not whole
     */
    public boolean load(byte[] snapshot) {
        List<ProducerEntry> loaded = ProducerSnapshot.decode(snapshot);
        if (loaded == null) {
            return false;
        }
        clear();
        for (ProducerEntry entry : loaded) {
            put(entry);
            if (entry.transactionFirstOffset != ProducerEntry.NO_TRANSACTION) {
                open.put(entry.transactionFirstOffset, entry.producerId);
            }
        }
        return true;
    }
}
