package io.headrace.storage.purgatory;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Who waits for more data of one partition: parked long-poll fetches. Confined to the partition's
 * owner loop.
 */
public final class FetchWaiters {
    private final Map<ParkedFetch, Long> sizeSeen = new LinkedHashMap<>();
    private final int maxWaiters;

    public FetchWaiters(int maxWaiters) {
        this.maxWaiters = maxWaiters;
    }

    /**
     * Parks a fetch.
     *
     * @param visibleBytes a count of bytes that only grows as more becomes visible to the fetch
     * @return false when too many wait already
     */
    public boolean add(ParkedFetch fetch, long visibleBytes) {
        if (sizeSeen.size() >= maxWaiters) {
            return false;
        }
        sizeSeen.put(fetch, visibleBytes);
        return true;
    }

    /** Forgets a fetch that was answered or given up. */
    public void remove(ParkedFetch fetch) {
        sizeSeen.remove(fetch);
    }

    /** More is visible: takes out and answers the fetches that have enough now. */
    public List<ParkedFetch> grown(long visibleBytes) {
        if (sizeSeen.isEmpty()) {
            return List.of();
        }
        List<ParkedFetch> due = new ArrayList<>();
        for (Map.Entry<ParkedFetch, Long> waiter : sizeSeen.entrySet()) {
            long more = Math.max(1, visibleBytes - waiter.getValue());
            waiter.setValue(visibleBytes);
            if (waiter.getKey().hasEnoughWith(more)) {
                due.add(waiter.getKey());
            }
        }
        due.forEach(sizeSeen::remove);
        return due;
    }

    /** Takes out all, because what they wait for cannot come any more. */
    public List<ParkedFetch> drain() {
        List<ParkedFetch> all = List.copyOf(sizeSeen.keySet());
        sizeSeen.clear();
        return all;
    }

    public int size() {
        return sizeSeen.size();
    }
}
