package io.headrace.storage.sharefetch;

import io.headrace.storage.purgatory.ParkedFetch;

import org.jspecify.annotations.Nullable;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The fetches that wait for one share partition, the one that waits longest first. They are woken
 * one by one: whoever was woken and has looked wakes the next if there is work left. Confined to
 * the share partition's loop.
 */
final class ShareWaiters {
    /** Each with the number of the last change that it has looked at; in the order of arrival. */
    private final Map<ParkedFetch, Long> changesSeen = new LinkedHashMap<>();

    private final int maxWaiters;

    ShareWaiters(int maxWaiters) {
        this.maxWaiters = maxWaiters;
    }

    boolean isEmpty() {
        return changesSeen.isEmpty();
    }

    /**
     * Lets a fetch wait.
     *
     * @param change the newest change, which it has looked at
     * @return false if too many wait
     */
    boolean add(ParkedFetch fetch, long change) {
        if (changesSeen.size() >= maxWaiters) {
            return false;
        }
        changesSeen.put(fetch, change);
        return true;
    }

    void remove(ParkedFetch fetch) {
        changesSeen.remove(fetch);
    }

    /**
     * Takes out the fetch that has waited longest of those that have not looked at a change yet, or
     * null if all have.
     */
    @Nullable ParkedFetch next(long change) {
        Iterator<Map.Entry<ParkedFetch, Long>> all = changesSeen.entrySet().iterator();
        while (all.hasNext()) {
            Map.Entry<ParkedFetch, Long> waiter = all.next();
            if (waiter.getKey().isWoken()) {
                all.remove(); // by another partition, or its time is up
            } else if (waiter.getValue() < change) {
                all.remove();
                return waiter.getKey();
            } else {
                return null; // as have all who came later
            }
        }
        return null;
    }

    /** Takes out all. */
    List<ParkedFetch> drain() {
        List<ParkedFetch> all = List.copyOf(changesSeen.keySet());
        changesSeen.clear();
        return all;
    }
}
