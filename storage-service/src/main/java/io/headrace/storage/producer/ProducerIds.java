package io.headrace.storage.producer;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many producer ids a node remembers over all its logs, and how many it may: at the bound a new
 * id is refused, so that no live one is forgotten. Safe for use by several threads.
 */
public final class ProducerIds {
    private final int idsMax;
    private final AtomicInteger count = new AtomicInteger();

    public ProducerIds(int idsMax) {
        this.idsMax = idsMax;
    }

    /** Whether one more may be remembered now. */
    boolean hasRoom() {
        return count.get() < idsMax;
    }

    /** Counts ids that came (positive) or left. */
    void add(int ids) {
        count.addAndGet(ids);
    }

    /** Ids remembered now. */
    public int count() {
        return count.get();
    }

    /** The bound. */
    public int idsMax() {
        return idsMax;
    }
}
