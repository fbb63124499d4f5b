package io.headrace.storage.epoch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The start offset of every leader epoch in one log. Confined to the log's owner.
 *
 * <p>Held as two arrays, since nearly every log has one entry and there are many logs.
 */
public final class LeaderEpochs {
    /** What is answered when nothing is known. */
    public static final int NO_EPOCH = -1;

    public static final long NO_OFFSET = -1;

    private int[] epochs = new int[1];
    private long[] startOffsets = new long[1];
    private int count;

    /**
     * Notes that an epoch begins at an offset. Entries that this contradicts (at or above the
     * epoch, or the offset) leave.
     *
     * @return whether anything changed
     */
    public boolean assign(int leaderEpoch, long startOffset) {
        if (leaderEpoch < 0 || startOffset < 0) {
            throw new IllegalArgumentException(
                    "Epoch " + leaderEpoch + " cannot begin at offset " + startOffset);
        }
        if (count > 0
                && epochs[count - 1] == leaderEpoch
                && startOffsets[count - 1] <= startOffset) {
            return false;
        }
        int keep = count;
        while (keep > 0
                && (epochs[keep - 1] >= leaderEpoch || startOffsets[keep - 1] >= startOffset)) {
            keep--;
        }
        if (keep == epochs.length) {
            epochs = Arrays.copyOf(epochs, keep + 1 + keep / 2);
            startOffsets = Arrays.copyOf(startOffsets, epochs.length);
        }
        epochs[keep] = leaderEpoch;
        startOffsets[keep] = startOffset;
        count = keep + 1;
        return true;
    }

    /** The newest epoch, or {@link #NO_EPOCH}. */
    public int latest() {
        return count == 0 ? NO_EPOCH : epochs[count - 1];
    }

    /** The epoch that the record at an offset belongs to, or {@link #NO_EPOCH}. */
    public int epochAt(long offset) {
        for (int i = count - 1; i >= 0; i--) {
            if (startOffsets[i] <= offset) {
                return epochs[i];
            }
        }
        return NO_EPOCH;
    }

    /** The largest epoch with an entry that is at most this one, or {@link #NO_EPOCH}. */
    public int floor(int leaderEpoch) {
        for (int i = count - 1; i >= 0; i--) {
            if (epochs[i] <= leaderEpoch) {
                return epochs[i];
            }
        }
        return NO_EPOCH;
    }

    /**
     * Where the largest epoch at most this one ends: the start of the next, or the log end for the
     * newest; {@link #NO_OFFSET} when no such epoch is known, or when the epoch asked for is newer
     * than the newest.
     */
    public long endOffset(int leaderEpoch, long logEndOffset) {
        if (count == 0 || leaderEpoch > latest() || leaderEpoch < 0) {
            return NO_OFFSET;
        }
        if (leaderEpoch == latest()) {
            return logEndOffset;
        }
        for (int i = 0; i < count; i++) {
            if (epochs[i] > leaderEpoch) {
                return startOffsets[i];
            }
        }
        return NO_OFFSET;
    }

    /**
     * Drops entries that begin at or above an offset: the log was cut there.
     *
     * @return whether anything changed
     */
    public boolean truncateFromEnd(long endOffset) {
        int before = count;
        while (count > 0 && startOffsets[count - 1] >= endOffset) {
            count--;
        }
        return count != before;
    }

    /**
     * Lets the epoch at an offset begin there and drops those before: the log starts there now.
     *
     * @return whether anything changed
     */
    public boolean truncateFromStart(long startOffset) {
        int first = 0;
        while (first + 1 < count && startOffsets[first + 1] <= startOffset) {
            first++;
        }
        if (count == 0 || (startOffsets[first] >= startOffset && first == 0)) {
            return false;
        }
        System.arraycopy(epochs, first, epochs, 0, count - first);
        System.arraycopy(startOffsets, first, startOffsets, 0, count - first);
        count -= first;
        startOffsets[0] = Math.max(startOffsets[0], startOffset);
        return true;
    }

    /** The entries at this moment, for another thread to ask. */
    public LeaderEpochs copy() {
        LeaderEpochs result = new LeaderEpochs();
        result.epochs = Arrays.copyOf(epochs, Math.max(1, count));
        result.startOffsets = Arrays.copyOf(startOffsets, Math.max(1, count));
        result.count = count;
        return result;
    }

    /** Has the entries of another log from now on. */
    public void takeOver(LeaderEpochs other) {
        LeaderEpochs taken = other.copy();
        epochs = taken.epochs;
        startOffsets = taken.startOffsets;
        count = taken.count;
    }

    /** Drops everything. */
    public void clear() {
        count = 0;
    }

    /** The entries as lines of a checkpoint file: "epoch startOffset". */
    public List<String> toLines() {
        List<String> lines = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            lines.add(epochs[i] + " " + startOffsets[i]);
        }
        return lines;
    }

    /**
     * The entries of a checkpoint file's lines; those out of order are left out, as a later append
     * would.
     *
     * @throws NumberFormatException when a field is no number
     */
    public static LeaderEpochs ofFields(List<String[]> lines) {
        LeaderEpochs result = new LeaderEpochs();
        for (String[] fields : lines) {
            int leaderEpoch = Integer.parseInt(fields[0]);
            long startOffset = Long.parseLong(fields[1]);
            if (leaderEpoch >= 0 && startOffset >= 0) {
                result.assign(leaderEpoch, startOffset);
            }
        }
        return result;
    }
}
