package io.headrace.coordinator.share;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The states of offsets in flight, as ranges that do not overlap. What is further on counts: a
 * write that comes late, or a second time, takes nothing back. Confined to its shard's core.
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

    /** Notes a range's state, but for those of its offsets that are known to be further on. */
    void put(StateBatch batch) {
        long next = batch.firstOffset();
        for (StateBatch known : overlapping(batch)) {
            if (known.outranks(batch)) {
                if (known.firstOffset() > next) {
                    place(batch.from(next).upTo(known.firstOffset() - 1));
                }
                next = Math.max(next, known.lastOffset() + 1);
            }
        }
        if (next <= batch.lastOffset()) {
            place(batch.from(next));
        }
    }

    private List<StateBatch> overlapping(StateBatch batch) {
        List<StateBatch> found = new ArrayList<>();
        Map.Entry<Long, StateBatch> before = byFirstOffset.lowerEntry(batch.firstOffset());
        if (before != null && before.getValue().lastOffset() >= batch.firstOffset()) {
            found.add(before.getValue());
        }
        found.addAll(
                byFirstOffset.subMap(batch.firstOffset(), true, batch.lastOffset(), true).values());
        return found;
    }

    private void place(StateBatch batch) {
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
