package io.headrace.storage.log;

/**
 * Where the newest batches of the active segment begin: a ring that answers readers at the tail
 * without reading. Confined to the owner loop; takes memory only once something was appended.
 */
final class RecentBatches {
    private static final int SIZE = 64;
    private static final long[] NONE = {};

    private long[] baseOffsets = NONE;
    private long[] lastOffsets = NONE;
    private long[] positions = NONE;
    private int count;
    private int next;

    void add(long baseOffset, long lastOffset, long position) {
        if (positions.length == 0) {
            baseOffsets = new long[SIZE];
            lastOffsets = new long[SIZE];
            positions = new long[SIZE];
        }
        baseOffsets[next] = baseOffset;
        lastOffsets[next] = lastOffset;
        positions[next] = position;
        next = (next + 1) % SIZE;
        count = Math.min(count + 1, SIZE);
    }

    /**
     * Where the batch begins that contains the offset, or the first one after it; -1 when that may
     * be older than the ring, or when every batch is below the offset.
     */
    long positionOf(long offset) {
        int found = -1;
        for (int i = 1; i <= count; i++) {
            int at = (next - i + SIZE) % SIZE;
            if (lastOffsets[at] < offset) {
                return found < 0 ? -1 : positions[found];
            }
            found = at;
        }
        return found >= 0 && baseOffsets[found] <= offset ? positions[found] : -1;
    }

    /** Forgets all, and gives the memory back. */
    void clear() {
        baseOffsets = NONE;
        lastOffsets = NONE;
        positions = NONE;
        count = 0;
        next = 0;
    }
}
