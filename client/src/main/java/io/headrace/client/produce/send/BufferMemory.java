package io.headrace.client.produce.send;

import java.util.concurrent.atomic.AtomicLong;

/** A count of bytes with a limit. Thread-safe. */
final class BufferMemory {
    private final long limitBytes;
    private final AtomicLong usedBytes = new AtomicLong();

    BufferMemory(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /** Takes so many bytes if they are free. */
    boolean tryReserve(long bytes) {
        long used = usedBytes.get();
        while (used + bytes <= limitBytes) {
            if (usedBytes.compareAndSet(used, used + bytes)) {
                return true;
            }
            used = usedBytes.get();
        }
        return false;
    }

    void release(long bytes) {
        if (usedBytes.addAndGet(-bytes) < 0) {
            throw new IllegalStateException("More memory was given back than taken");
        }
    }

    long usedBytes() {
        return usedBytes.get();
    }
}
