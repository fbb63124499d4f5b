package io.headrace.coordinator.share;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The states of offsets in flight, as ranges that do not overlap. What is written later counts.
 * Confined to its shard's core.
 */
final class StateBatches {
    private final TreeMap<Long, StateBatch> byFirstOffset = new TreeMap<>();

    int count() {
        return byFirstOffset.size();
    }

    /** The ranges in order of their offsets. */
    List<StateBatch> all() {
        return List.copyOf(byFirstOffset.values());
    }

    /** Notes a range's state in the place of what was known of its offsets. */
    void put(StateBatch batch) {
        cut(batch.firstOffset(), batch.lastOffset());
        StateBatch merged = batch;
        Map.Entry<Long, StateBatch> left = byFirstOffset.lowerEntry(batch.firstOffset());
        if (left != null
                && left.getValue().lastOffset() == batch.firstOffset() - 1
                && left.getValue().isSameState(batch)) {
            byFirstOffset.remove(left.getKey());
            merged = merged.from(left.getKey());
        }
        StateBatch right =
                batch.lastOffset() == Long.MAX_VALUE
                        ? null
                        : byFirstOffset.get(batch.lastOffset() + 1);
        if (right != null && right.isSameState(batch)) {
            byFirstOffset.remove(right.firstOffset());
            merged = merged.upTo(right.lastOffset());
        }
        byFirstOffset.put(merged.firstOffset(), merged);
    }

    /** Forgets everything before that offset. */
    void forgetBefore(long offset) {
        if (offset > 0) {
            cut(0, offset - 1);
        }
    }

    /** Makes a hole from the first to the last offset, both inclusive. */
    private void cut(long firstOffset, long lastOffset) {
        Map.Entry<Long, StateBatch> left = byFirstOffset.lowerEntry(firstOffset);
        if (left != null && left.getValue().lastOffset() >= firstOffset) {
            byFirstOffset.put(left.getKey(), left.getValue().upTo(firstOffset - 1));
            if (left.getValue().lastOffset() > lastOffset) {
                StateBatch rest = left.getValue().from(lastOffset + 1);
                byFirstOffset.put(rest.firstOffset(), rest);
            }
        }
        Map.Entry<Long, StateBatch> last = byFirstOffset.floorEntry(lastOffset);
        boolean reachesOut =
                last != null
                        && last.getKey() >= firstOffset
                        && last.getValue().lastOffset() > lastOffset;
        StateBatch rest = reachesOut && last != null ? last.getValue().from(lastOffset + 1) : null;
        byFirstOffset.subMap(firstOffset, true, lastOffset, true).clear();
        if (rest != null) {
            byFirstOffset.put(rest.firstOffset(), rest);
        }
    }
}
