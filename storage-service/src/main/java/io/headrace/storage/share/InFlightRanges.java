package io.headrace.storage.share;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The records in flight: ranges without holes from the start offset to the end offset, split only
 * where records differ. Confined to its share partition.
 */
final class InFlightRanges {
    private final TreeMap<Long, InFlightRange> byFirstOffset = new TreeMap<>();
    private long startOffset;
    private long endOffset;

    /** Forgets everything and begins at an offset. */
    void reset(long offset) {
        byFirstOffset.clear();
        startOffset = offset;
        endOffset = offset;
    }

    /** The first offset in flight, or the end offset when there is none. */
    long startOffset() {
        return startOffset;
    }

    /** The first offset that was not seen yet. */
    long endOffset() {
        return endOffset;
    }

    /** How many records more may be in flight; negative when a batch went beyond. */
    long windowRoom(ShareSettings settings) {
        return settings.maxRecordLocks() - (endOffset - startOffset);
    }

    Collection<InFlightRange> all() {
        return byFirstOffset.values();
    }

    int size() {
        return byFirstOffset.size();
    }

    /** Adds records at the end. */
    InFlightRange append(long lastOffset, RecordState state, int deliveryCount) {
        InFlightRange added = new InFlightRange(endOffset, lastOffset, state, deliveryCount);
        byFirstOffset.put(added.firstOffset, added);
        endOffset = lastOffset + 1;
        return added;
    }

    /** The ranges that have records in [first, last], which they may exceed. */
    Collection<InFlightRange> overlapping(long firstOffset, long lastOffset) {
        Long floor = byFirstOffset.floorKey(firstOffset);
        return lastOffset < firstOffset
                ? List.of()
                : byFirstOffset
                        .subMap(floor == null ? firstOffset : floor, true, lastOffset, true)
                        .values();
    }

    /** The ranges that make up [first, last], split so that none exceeds it. */
    List<InFlightRange> cut(long firstOffset, long lastOffset) {
        splitAt(firstOffset);
        splitAt(lastOffset + 1);
        return firstOffset > lastOffset
                ? List.of()
                : new ArrayList<>(
                        byFirstOffset.subMap(firstOffset, true, lastOffset, true).values());
    }

    private void splitAt(long offset) {
        Map.Entry<Long, InFlightRange> floor = byFirstOffset.lowerEntry(offset);
        if (floor != null && floor.getValue().lastOffset >= offset) {
            InFlightRange rest = floor.getValue().splitAt(offset);
            byFirstOffset.put(rest.firstOffset, rest);
        }
    }

    /** Joins neighbours that do not differ, from one before the first offset to one after last. */
    void join(long firstOffset, long lastOffset) {
        Map.Entry<Long, InFlightRange> entry = byFirstOffset.lowerEntry(firstOffset);
        if (entry == null) {
            entry = byFirstOffset.ceilingEntry(firstOffset);
        }
        while (entry != null && entry.getKey() <= lastOffset) {
            InFlightRange range = entry.getValue();
            Map.Entry<Long, InFlightRange> next = byFirstOffset.higherEntry(entry.getKey());
            if (next != null && range.isLike(next.getValue())) {
                range.lastOffset = next.getValue().lastOffset;
                byFirstOffset.remove(next.getKey());
            } else {
                entry = next;
            }
        }
    }

    void joinAll() {
        join(startOffset, endOffset);
    }

    /**
     * Takes out what is done at the front; the start offset follows.
     *
     * @return whether the shard has not heard of all that was taken out
     */
    boolean advance() {
        boolean anyUnwritten = false;
        Map.Entry<Long, InFlightRange> first = byFirstOffset.firstEntry();
        while (first != null && first.getValue().state.isTerminal()) {
            anyUnwritten |= first.getValue().unwritten;
            byFirstOffset.pollFirstEntry();
            first = byFirstOffset.firstEntry();
        }
        startOffset = first == null ? endOffset : first.getKey();
        return anyUnwritten;
    }

    /** Drops all records below an offset, which becomes the least start offset. */
    void dropBelow(long offset) {
        splitAt(offset);
        byFirstOffset.headMap(offset, false).clear();
        startOffset = Math.max(startOffset, offset);
        endOffset = Math.max(endOffset, offset);
    }

    /** Drops all records from an offset on: the log lost them. */
    void dropFrom(long offset) {
        splitAt(offset);
        byFirstOffset.tailMap(offset, true).clear();
        endOffset = Math.min(endOffset, offset);
        startOffset = Math.min(startOffset, offset);
    }
}
