package io.headrace.storage.compaction;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The last offset of each key, in memory of a fixed size: keys are known by 16 bytes of their
 * SHA-256, in an open table.
 *
 * <p>A cryptographic hash, because a producer that could make two keys collide could make one of
 * them disappear. Confined to the compaction thread.
 */
final class OffsetMap {
    /** Two longs of hash and one offset. */
    static final int ENTRY_BYTES = 24;

    private static final int LONGS_PER_ENTRY = 3;
    private static final long NO_OFFSET = -1;

    private final MessageDigest digest;
    private final byte[] hash = new byte[32];
    private final ByteBuffer hashBytes = ByteBuffer.wrap(hash);
    private final long[] table;
    private final int slots;
    private final int keysMax;
    private int keyCount;
    private long latestOffset = NO_OFFSET;

    /**
     * @param memoryBytes how much memory the table takes
     * @param loadFactor which part of it may be in use; above it, the map is full
     */
    OffsetMap(long memoryBytes, double loadFactor) {
        long wanted = Math.min(memoryBytes / ENTRY_BYTES, Integer.MAX_VALUE / LONGS_PER_ENTRY - 8);
        if (wanted < 2 || loadFactor <= 0 || loadFactor >= 1) {
            throw new IllegalArgumentException(
                    "An offset map of " + memoryBytes + " bytes with load " + loadFactor);
        }
        this.slots = (int) wanted;
        this.keysMax = (int) Math.max(1, Math.min(slots - 1L, (long) (slots * loadFactor)));
        this.table = new long[slots * LONGS_PER_ENTRY];
        try {
            this.digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("This Java has no SHA-256", e);
        }
        for (int i = 0; i < slots; i++) {
            table[i * LONGS_PER_ENTRY + 2] = NO_OFFSET;
        }
    }

    /** A map with room for that many keys, or as many as the memory allows. */
    static OffsetMap withRoomFor(long keys, long memoryBytesMax, double loadFactor) {
        double wanted = (keys + 1) / loadFactor * ENTRY_BYTES + 2.0 * ENTRY_BYTES;
        return new OffsetMap((long) Math.min((double) memoryBytesMax, wanted), loadFactor);
    }

    int keyCount() {
        return keyCount;
    }

    boolean isFull() {
        return keyCount >= keysMax;
    }

    /**
     * Remembers the key's offset, if it is higher than the known one.
     *
     * @return false when the key is new and the map full: nothing changed
     */
    boolean put(ByteBuffer key, long offset) {
        int at = find(key);
        if (table[at + 2] == NO_OFFSET) {
            if (isFull()) {
                return false;
            }
            table[at] = hashBytes.getLong(0);
            table[at + 1] = hashBytes.getLong(8);
            keyCount++;
        }
        table[at + 2] = Math.max(table[at + 2], offset);
        latestOffset = Math.max(latestOffset, offset);
        return true;
    }

    /** The highest offset put for the key, -1 if none. */
    long get(ByteBuffer key) {
        return table[find(key) + 2];
    }

    /** Up to where, inclusive, every record was seen; -1 before any. */
    long latestOffset() {
        return latestOffset;
    }

    /** Notes that records up to the offset, inclusive, were seen though they had no key to keep. */
    void seenUpTo(long offset) {
        latestOffset = Math.max(latestOffset, offset);
    }

    private int find(ByteBuffer key) {
        digest.update(key.duplicate());
        try {
            digest.digest(hash, 0, hash.length);
        } catch (java.security.DigestException e) {
            throw new IllegalStateException("SHA-256 gave no 32 bytes", e);
        }
        long high = hashBytes.getLong(0);
        long low = hashBytes.getLong(8);
        int slot = (int) Long.remainderUnsigned(high, slots);
        while (true) {
            int at = slot * LONGS_PER_ENTRY;
            if (table[at + 2] == NO_OFFSET || (table[at] == high && table[at + 1] == low)) {
                return at;
            }
            slot = slot + 1 == slots ? 0 : slot + 1;
        }
    }
}
