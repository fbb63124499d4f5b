package io.headrace.storage.producer;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The bytes of a producer snapshot, version 1, as Kafka writes them, and behind them what Kafka
 * forgets: the batches before each producer's last one. A producer may have five batches in flight
 * (KIP-98), and those that were stored but not acknowledged before a restart come again after it.
 * Kafka's tools do not look behind the entries. All is big-endian.
 *
 * <pre>
 *   version i16 | crc u32 | count i32 | entries | earlier     crc: CRC-32C of everything after it
 *   entry: producerId i64 | producerEpoch i16 | lastSequence i32 | lastOffset i64 | offsetDelta i32
 *          | timestamp i64 | coordinatorEpoch i32 | currentTransactionFirstOffset i64     (46 bytes)
 *   earlier, absent in Kafka's files and when there is none; for each entry, oldest batch first:
 *          count i8 | (lastSequence i32 | lastOffset i64 | offsetDelta i32)*     (16 bytes a batch)
 * </pre>
 */
final class ProducerSnapshot {
    private static final short VERSION = 1;
    private static final int CRC_AT = 2;
    private static final int COUNT_AT = 6;
    private static final int ENTRIES_AT = 10;
    private static final int ENTRY_BYTES = 46;
    private static final int BATCH_BYTES = 16;

    private ProducerSnapshot() {}

    static byte[] encode(Collection<ProducerEntry> entries) {
        int earlier = entries.stream().mapToInt(ProducerEntry::earlierBatches).sum();
        int earlierBytes = earlier == 0 ? 0 : entries.size() + earlier * BATCH_BYTES;
        ByteBuffer bytes =
                ByteBuffer.allocate(ENTRIES_AT + entries.size() * ENTRY_BYTES + earlierBytes);
        bytes.putShort(VERSION).putInt(0).putInt(entries.size());
        for (ProducerEntry entry : entries) {
            bytes.putLong(entry.producerId)
                    .putShort(entry.producerEpoch)
                    .putInt(entry.lastSequence())
                    .putLong(entry.lastOffset())
                    .putInt(entry.lastOffsetDelta())
                    .putLong(entry.lastSeenMs)
                    .putInt(entry.coordinatorEpoch)
                    .putLong(entry.transactionFirstOffset);
        }
        if (earlier > 0) {
            entries.forEach(entry -> putEarlier(entry, bytes));
        }
        bytes.putInt(CRC_AT, crcOf(bytes.array()));
        return bytes.array();
    }

    private static void putEarlier(ProducerEntry entry, ByteBuffer bytes) {
        int count = entry.earlierBatches();
        bytes.put((byte) count);
        for (int age = count; age > 0; age--) {
            bytes.putInt(entry.lastSequence(age))
                    .putLong(entry.lastOffset(age))
                    .putInt(entry.lastOffsetDelta(age));
        }
    }

    static @Nullable List<ProducerEntry> decode(byte[] snapshot) {
        if (snapshot.length < ENTRIES_AT) {
            return null;
        }
        ByteBuffer bytes = ByteBuffer.wrap(snapshot);
        int count = bytes.getInt(COUNT_AT);
        if (bytes.getShort(0) != VERSION
                || count < 0
                || (long) count * ENTRY_BYTES > snapshot.length - ENTRIES_AT
                || bytes.getInt(CRC_AT) != crcOf(snapshot)) {
            return null;
        }
        ByteBuffer earlier = bytes.duplicate().position(ENTRIES_AT + count * ENTRY_BYTES);
        boolean hasEarlier = earlier.hasRemaining();
        bytes.position(ENTRIES_AT);
        List<ProducerEntry> entries = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            ProducerEntry entry = new ProducerEntry(bytes.getLong(), bytes.getShort());
            if (hasEarlier && !addEarlier(entry, earlier)) {
                return null;
            }
            int lastSequence = bytes.getInt();
            long lastOffset = bytes.getLong();
            int offsetDelta = bytes.getInt();
            if (lastOffset >= 0) {
                entry.addBatch(lastSequence, lastOffset, offsetDelta);
            }
            entry.lastSeenMs = bytes.getLong();
            entry.coordinatorEpoch = bytes.getInt();
            entry.transactionFirstOffset = bytes.getLong();
            entries.add(entry);
        }
        return earlier.hasRemaining() ? null : entries;
    }

    private static boolean addEarlier(ProducerEntry entry, ByteBuffer earlier) {
        int count = earlier.hasRemaining() ? earlier.get() : -1;
        if (count < 0
                || count >= ProducerEntry.BATCHES_MAX
                || count * BATCH_BYTES > earlier.remaining()) {
            return false;
        }
        for (int i = 0; i < count; i++) {
            entry.addBatch(earlier.getInt(), earlier.getLong(), earlier.getInt());
        }
        return true;
    }

    private static int crcOf(byte[] snapshot) {
        CRC32C crc = new CRC32C();
        crc.update(snapshot, COUNT_AT, snapshot.length - COUNT_AT);
        return (int) crc.getValue();
    }
}
