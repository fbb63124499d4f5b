package io.headrace.storage.log;

import java.util.ArrayDeque;

/**
 * The recent bytes of one disk that count as being in the page cache: a bounded number, over all
 * its logs, the oldest leave first. Safe for use by several threads.
 */
final class WarmWindow {
    private final long bytesMax;
    private final ArrayDeque<Chunk> chunks = new ArrayDeque<>();
    private long bytes;
    private long appendedBytes;

    /**
     * The warm end of one log. Places are counted in bytes appended since the log was opened, over
     * all its segments.
     */
    static final class Trail {
        private static final long CHUNK_BYTES = 64 << 10;

        private final WarmWindow window;
        private volatile long warmFrom;
        private long appended;
        private long accounted;

        Trail(WarmWindow window) {
            this.window = window;
        }

        /** Notes bytes appended; on the owner loop. */
        void onAppended(long bytes) {
            appended += bytes;
            if (appended - accounted >= CHUNK_BYTES) {
                account();
            }
        }

        /** Brings what was appended to the window's account; on the owner loop. */
        void account() {
            if (appended > accounted) {
                window.add(this, appended, appended - accounted);
                accounted = appended;
            }
        }

        /** Bytes appended so far. */
        long appended() {
            return appended;
        }

        /** Whether everything from that place on is warm. */
        boolean isWarm(long place) {
            return place >= warmFrom;
        }

        /** The place from which on everything is warm. */
        long warmFrom() {
            return warmFrom;
        }

        /** Nothing so far is warm any more: positions changed their meaning. */
        void restart() {
            warmFrom = appended;
        }
    }

    private record Chunk(Trail trail, long end, long bytes) {}

    WarmWindow(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    /** All bytes ever accounted for; each log may be a chunk ahead of its account. */
    synchronized long appendedBytes() {
        return appendedBytes;
    }

    private synchronized void add(Trail trail, long end, long size) {
        chunks.addLast(new Chunk(trail, end, size));
        bytes += size;
        appendedBytes += size;
        while (bytes > bytesMax && !chunks.isEmpty()) {
            Chunk oldest = chunks.removeFirst();
            bytes -= oldest.bytes();
            oldest.trail().warmFrom = Math.max(oldest.trail().warmFrom, oldest.end());
        }
    }
}
