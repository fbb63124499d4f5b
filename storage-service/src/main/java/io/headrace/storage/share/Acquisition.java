package io.headrace.storage.share;

import java.util.ArrayList;
import java.util.List;

/**
 * Gives a member what is available of the batches it is shown, within the limits.
 *
 * <p>Records that were delivered often may hold one that no member can process. As in Kafka 4.3
 * they are given in ever smaller pieces, and the last time each alone, so that such a record does
 * not take the others with it when its deliveries are used up.
 */
final class Acquisition {
    private final InFlightRanges ranges;
    private final ShareSettings settings;
    private final String memberId;
    private final AcquireLimits limits;
    private final long lockedUntilMs;
    private final List<AcquiredRange> acquired = new ArrayList<>();
    private long count;

    /** How many may be given in all: fewer once one of them was delivered often. */
    private long most = Long.MAX_VALUE;

    Acquisition(
            InFlightRanges ranges,
            ShareSettings settings,
            String memberId,
            AcquireLimits limits,
            long lockedUntilMs) {
        this.ranges = ranges;
        this.settings = settings;
        this.memberId = memberId;
        this.limits = limits;
        this.lockedUntilMs = lockedUntilMs;
    }

    /** What the member was given. */
    List<AcquiredRange> acquired() {
        return acquired;
    }

    boolean isFull() {
        return count >= Math.min(limits.maxRecords(), most);
    }

    /**
     * Takes what is available of one batch.
     *
     * @param first where to begin in it
     * @return false when no more is to be taken after it
     */
    boolean take(FetchedBatch batch, long first) {
        long known = Math.min(batch.lastOffset(), ranges.endOffset() - 1);
        for (InFlightRange range : ranges.cut(first, known)) {
            if (range.state != RecordState.AVAILABLE) {
                continue;
            }
            long room = roomFor(range, batch);
            if (room <= 0) {
                return false;
            }
            long last = range.lastOffset;
            long until = Math.min(last, range.firstOffset + room - 1);
            ranges.cut(range.firstOffset, until).forEach(this::give);
            if (until < last) {
                return false;
            }
        }
        return batch.lastOffset() < ranges.endOffset() || takeNew(batch.lastOffset());
    }

    private long roomFor(InFlightRange range, FetchedBatch batch) {
        int delivered = range.deliveryCount;
        if (settings.isLastDelivery(delivered)) {
            most = Math.min(most, Math.max(1, count));
        } else if (delivered >= settings.fewerFrom()) {
            long whole = Math.max(limits.batchSize(), batch.count());
            whole = Math.min(whole, ranges.endOffset() - ranges.startOffset());
            most = Math.min(most, Math.max(1, whole >> (delivered - settings.fewerFrom() + 1)));
        }
        long room = limits.strict() ? limits.maxRecords() - count : range.count();
        return Math.min(room, most - count);
    }

    private boolean takeNew(long last) {
        if (most < Long.MAX_VALUE) {
            return false; // not beside those that were delivered often
        }
        long first = ranges.endOffset();
        long room = ranges.windowRoom(settings);
        long most = limits.strict() ? Math.min(room, limits.maxRecords() - count) : room;
        if (most <= 0) {
            return false;
        }
        long until = limits.strict() ? Math.min(last, first + most - 1) : last;
        give(ranges.append(until, RecordState.AVAILABLE, 0));
        return until == last;
    }

    private void give(InFlightRange range) {
        range.state = RecordState.ACQUIRED;
        range.target = RecordState.ACQUIRED;
        range.memberId = memberId;
        range.lockedUntilMs = lockedUntilMs;
        range.deliveryCount++;
        count += range.count();
        AcquiredRange given =
                new AcquiredRange(range.firstOffset, range.lastOffset, range.deliveryCount);
        AcquiredRange before = acquired.isEmpty() ? null : acquired.getLast();
        if (before != null
                && before.lastOffset() + 1 == given.firstOffset()
                && before.deliveryCount() == given.deliveryCount()
                && before.count() + given.count() <= limits.batchSize()) {
            acquired.set(
                    acquired.size() - 1,
                    new AcquiredRange(
                            before.firstOffset(), given.lastOffset(), given.deliveryCount()));
        } else {
            acquired.add(given);
        }
    }
}
