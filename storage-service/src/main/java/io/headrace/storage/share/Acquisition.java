package io.headrace.storage.share;

import java.util.ArrayList;
import java.util.List;

/** Gives a member what is available of the batches it is shown, within the limits. */
final class Acquisition {
    private final InFlightRanges ranges;
    private final ShareSettings settings;
    private final String memberId;
    private final AcquireLimits limits;
    private final long lockedUntilMs;
    private final List<AcquiredRange> acquired = new ArrayList<>();
    private long count;

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
        return count >= limits.maxRecords();
    }

    /** Takes what is available of one batch; false when no more is to be taken after it. */
    boolean take(long first, long last) {
        long known = Math.min(last, ranges.endOffset() - 1);
        for (InFlightRange range : ranges.cut(first, known)) {
            if (range.state != RecordState.AVAILABLE) {
                continue;
            }
            long most = limits.strict() ? limits.maxRecords() - count : range.count();
            if (most <= 0) {
                return false;
            }
            long until = Math.min(range.lastOffset, range.firstOffset + most - 1);
            ranges.cut(range.firstOffset, until).forEach(this::give);
        }
        return last < ranges.endOffset() || takeNew(last);
    }

    private boolean takeNew(long last) {
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
