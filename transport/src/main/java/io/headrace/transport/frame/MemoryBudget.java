package io.headrace.transport.frame;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A bound on the bytes of requests in memory, shared by a server's connections. Reservations are
 * whole frames, so holders always finish and waiters cannot deadlock. Thread-safe.
 */
public final class MemoryBudget {
    private final long maxBytes;
    private final AtomicLong usedBytes = new AtomicLong();
    private final Queue<Runnable> waiters = new ConcurrentLinkedQueue<>();

    public MemoryBudget(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Takes bytes if they fit; a frame larger than the budget fits when nothing else is held. */
    public boolean tryReserve(long bytes) {
        while (true) {
            long used = usedBytes.get();
            if (used > 0 && used + bytes > maxBytes) {
                return false;
            }
            if (usedBytes.compareAndSet(used, used + bytes)) {
                return true;
            }
        }
    }

    /** Gives bytes back and wakes who waits. */
    public void release(long bytes) {
        usedBytes.addAndGet(-bytes);
        wake();
    }

    /** Runs the task after some later release; it must try again and may have to wait again. */
    public void onRelease(Runnable task) {
        waiters.add(task);
        if (usedBytes.get() == 0) {
            wake();
        }
    }

    public long usedBytes() {
        return usedBytes.get();
    }

    private void wake() {
        int woken = 0;
        Runnable waiter = waiters.poll();
        while (waiter != null) {
            waiter.run();
            woken++;
            waiter = woken < 64 ? waiters.poll() : null;
        }
    }
}
