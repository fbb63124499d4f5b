package io.headrace.storage.commit;

import io.headrace.storage.segment.Segment;

/**
 * The end of a log's active segment, and how much before it is durable: in the file on the device,
 * or in the journal. Made on the owner loop; the rest is the commit thread's.
 */
public final class SegmentTail {
    private static final long UNKNOWN = -1;

    private final Segment segment;
    private volatile boolean wasCutBack;
    private long durablePosition = UNKNOWN;

    public SegmentTail(Segment segment) {
        this.segment = segment;
    }

    /** Whether it is that segment's; any thread. */
    public boolean isOf(Segment other) {
        return segment == other;
    }

    long baseOffset() {
        return segment.baseOffset();
    }

    /** Whole batches that are written; more than the log's end tells while it is being moved on. */
    long sizeInBytes() {
        return segment.sizeInBytes();
    }

    /**
     * A write failed and was cut off, perhaps not on the device: only a flush of the file ends
     * that.
     */
    public void onCutBack() {
        wasCutBack = true;
    }

    /**
     * Whether nothing but the end of the file differs from what the device has: a round has flushed
     * it since this process has it, with its name, and it was only appended to since.
     */
    boolean isKnown() {
        return durablePosition != UNKNOWN && !wasCutBack;
    }

    /** Everything before this byte is durable. */
    long durablePosition() {
        return durablePosition;
    }

    void onDurable(long position) {
        durablePosition = Math.max(durablePosition, position);
    }
}
