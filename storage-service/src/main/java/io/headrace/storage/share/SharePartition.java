package io.headrace.storage.share;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * One share partition at the leader of its partition: a cache of the shard's state with what is in
 * flight on top. Confined to the partition's loop; time is a parameter.
 *
 * <pre>
 *                 acquire                  ACCEPT, written
 *   AVAILABLE  ------------->  ACQUIRED  ------------------->  ACKNOWLEDGED
 *        ^                      |      |   REJECT, GAP, written; delivered too often
 *        +----------------------+      +--------------------------------------------> ARCHIVED
 *          RELEASE, written; lock
 *          expired; member gone
 * </pre>
 *
 * <p>What an acknowledgement brings waits until the write that carries it is done; nothing else
 * happens to those records meanwhile, also when their lock expires. One write is under way at a
 * time, and the next carries all that came meanwhile.
 */
public final class SharePartition {
    private final int leaderEpoch;
    private final InFlightRanges ranges = new InFlightRanges();
    private ShareSettings settings;
    private int stateEpoch;
    private boolean restored;
    private boolean startConfirmed;
    private boolean startUnwritten;
    private boolean mayHaveAvailable;
    private Set<PendingAcknowledgement> unsent = new LinkedHashSet<>();

    /** What the write under way answers, or null while there is none. */
    private @Nullable Set<PendingAcknowledgement> writing;

    private @Nullable Errors closed;

    /**
     * @param leaderEpoch in which this node leads the partition
     */
    public SharePartition(int leaderEpoch, ShareSettings settings) {
        this.leaderEpoch = leaderEpoch;
        this.settings = settings;
    }

    public int leaderEpoch() {
        return leaderEpoch;
    }

    public ShareSettings settings() {
        return settings;
    }

    /** The group's configuration changed; locks that are held stay as they are. */
    public void configure(ShareSettings newSettings) {
        settings = newSettings;
    }

    /** The first offset that is not done. */
    public long startOffset() {
        return ranges.startOffset();
    }

    /** The first offset that was not given to anybody yet. */
    public long endOffset() {
        return ranges.endOffset();
    }

    // Beginning.

    /**
     * Takes over what the shard knows.
     *
     * @param startOffset where to begin; the shard's start offset unless that was never set
     */
    public void restore(PersistedState state, long startOffset) {
        stateEpoch = state.stateEpoch();
        ranges.reset(startOffset);
        List<StateBatch> batches = new ArrayList<>(state.batches());
        batches.sort(Comparator.comparingLong(StateBatch::firstOffset));
        for (StateBatch batch : batches) {
            long first = Math.max(batch.firstOffset(), ranges.endOffset());
            if (first > batch.lastOffset()) {
                continue;
            }
            if (first > ranges.endOffset()) {
                // Given to a member of which nothing was heard, or not there.
                ranges.append(first - 1, RecordState.AVAILABLE, 0);
            }
            RecordState known = batch.state();
            ranges.append(
                    batch.lastOffset(),
                    known.isTerminal() ? known : RecordState.AVAILABLE,
                    batch.deliveryCount());
        }
        ranges.joinAll();
        ranges.advance();
        mayHaveAvailable = true;
        restored = true;
        startConfirmed = state.startOffset() >= 0;
        startUnwritten = !startConfirmed;
    }

    /** Whether records can be acquired as soon as the log has them. */
    public boolean canAcquire() {
        return restored
                && startConfirmed
                && closed == null
                && (nextFetchOffset() < ranges.endOffset() || ranges.windowRoom(settings) > 0);
    }

    /** Where the log is to be read next: the first record that may be delivered, or the end. */
    public long nextFetchOffset() {
        if (mayHaveAvailable) {
            for (InFlightRange range : ranges.all()) {
                if (range.state == RecordState.AVAILABLE) {
                    return range.firstOffset;
                }
            }
            mayHaveAvailable = false;
        }
        return ranges.endOffset();
    }

    // Acquiring.

    /**
     * Gives a member what may be delivered of the batches read. What the log does not hold, or
     * holds for nobody, counts as archived.
     *
     * @param fetchOffset where the read began
     * @param batches in the order of offsets
     * @return what the member now holds in addition
     */
    public List<AcquiredRange> acquire(
            String memberId,
            long fetchOffset,
            List<FetchedBatch> batches,
            AcquireLimits limits,
            long nowMs) {
        if (!canAcquire()) {
            return List.of();
        }
        Acquisition acquisition =
                new Acquisition(ranges, settings, memberId, limits, nowMs + settings.lockMs());
        long next = Math.max(fetchOffset, ranges.startOffset());
        for (FetchedBatch batch : batches) {
            if (acquisition.isFull() || next > ranges.endOffset()) {
                break;
            }
            if (batch.lastOffset() < next) {
                continue;
            }
            if (batch.lastOffset() >= ranges.endOffset() && ranges.windowRoom(settings) <= 0) {
                break;
            }
            long base = Math.max(batch.baseOffset(), next);
            archive(next, base - 1);
            if (!batch.visible()) {
                archive(base, batch.lastOffset());
            } else if (!acquisition.take(batch, base)) {
                break;
            }
            next = batch.lastOffset() + 1;
        }
        ranges.joinAll();
        advance();
        return acquisition.acquired();
    }

    /** These are no records, or for nobody. The log tells again, so the shard need not hear. */
    private void archive(long first, long last) {
        for (InFlightRange range : ranges.cut(first, Math.min(last, ranges.endOffset() - 1))) {
            if (range.state == RecordState.AVAILABLE) {
                range.settle(RecordState.ARCHIVED);
            }
        }
        if (last >= ranges.endOffset()) {
            ranges.append(last, RecordState.ARCHIVED, 0);
        }
    }

    // Acknowledging.

    /**
     * Takes what a member says of records. All of it counts, or nothing.
     *
     * @param batches as {@link AcknowledgementBatch#check} accepts them
     * @param whenDone told once the shard has it, or that it does not count; possibly at once
     */
    public void acknowledge(
            String memberId,
            List<AcknowledgementBatch> batches,
            long nowMs,
            Consumer<Errors> whenDone) {
        Errors problem = problem(memberId, batches);
        if (problem != Errors.NONE) {
            whenDone.accept(problem);
            return;
        }
        PendingAcknowledgement pending = new PendingAcknowledgement(whenDone);
        boolean anyToWrite = false;
        for (AcknowledgementBatch batch : batches) {
            long offset = Math.max(batch.firstOffset(), ranges.startOffset());
            while (offset <= batch.lastOffset()) {
                long last = batch.sameUntil(offset, batch.lastOffset());
                anyToWrite |= settle(offset, last, batch.typeOf(offset), pending, nowMs);
                offset = last + 1;
            }
        }
        ranges.joinAll();
        if (anyToWrite) {
            unsent.add(pending);
        } else {
            pending.complete(Errors.NONE);
        }
    }

    private Errors problem(String memberId, List<AcknowledgementBatch> batches) {
        if (closed != null) {
            return Errors.NOT_LEADER_OR_FOLLOWER;
        }
        for (AcknowledgementBatch batch : batches) {
            long first = Math.max(batch.firstOffset(), ranges.startOffset());
            if (first > batch.lastOffset()) {
                continue; // done long ago, or gone from the log
            }
            if (batch.lastOffset() >= ranges.endOffset()) {
                return ranges.size() == 0 ? Errors.INVALID_RECORD_STATE : Errors.INVALID_REQUEST;
            }
            for (InFlightRange range : ranges.overlapping(first, batch.lastOffset())) {
                if (!range.isHeldBy(memberId)) {
                    return Errors.INVALID_RECORD_STATE;
                }
            }
            if (!settings.renewEnabled() && batch.types().contains(AcknowledgeType.RENEW.id())) {
                return Errors.INVALID_RECORD_STATE;
            }
        }
        return Errors.NONE;
    }

    private boolean settle(
            long first,
            long last,
            AcknowledgeType type,
            PendingAcknowledgement pending,
            long nowMs) {
        for (InFlightRange range : ranges.cut(first, last)) {
            if (type == AcknowledgeType.RENEW) {
                range.lockedUntilMs = nowMs + settings.lockMs();
            } else {
                range.pending = pending;
                range.target = type.target(range.deliveryCount, settings.deliveryLimit());
            }
        }
        return type != AcknowledgeType.RENEW;
    }

    // Locks.

    /** When the next lock expires, or Long.MAX_VALUE. */
    public long nextExpiryMs() {
        long next = Long.MAX_VALUE;
        for (InFlightRange range : ranges.all()) {
            if (range.state == RecordState.ACQUIRED && range.pending == null) {
                next = Math.min(next, range.lockedUntilMs);
            }
        }
        return next;
    }

    /** Takes records from members that held them too long; whether there were any. */
    public boolean expire(long nowMs) {
        boolean any = false;
        for (InFlightRange range : ranges.all()) {
            if (range.state == RecordState.ACQUIRED
                    && range.pending == null
                    && range.lockedUntilMs <= nowMs) {
                giveBack(range);
                any = true;
            }
        }
        return settleAfter(any);
    }

    /** A member left: takes back what it holds; whether there was any. */
    public boolean release(String memberId) {
        boolean any = false;
        for (InFlightRange range : ranges.all()) {
            if (range.isHeldBy(memberId)) {
                giveBack(range);
                any = true;
            }
        }
        return settleAfter(any);
    }

    /** A member was given records that did not reach it; whether it holds any of them still. */
    public boolean takeBack(String memberId, List<AcquiredRange> acquired) {
        boolean any = false;
        for (AcquiredRange given : acquired) {
            long first = Math.max(given.firstOffset(), ranges.startOffset());
            long last = Math.min(given.lastOffset(), ranges.endOffset() - 1);
            for (InFlightRange range : ranges.cut(first, last)) {
                if (range.isHeldBy(memberId)) {
                    giveBack(range);
                    any = true;
                }
            }
        }
        return settleAfter(any);
    }

    private void giveBack(InFlightRange range) {
        range.settle(AcknowledgeType.RELEASE.target(range.deliveryCount, settings.deliveryLimit()));
        range.unwritten = true;
        mayHaveAvailable = true;
    }

    private boolean settleAfter(boolean any) {
        if (any) {
            ranges.joinAll();
            advance();
        }
        return any;
    }

    private void advance() {
        startUnwritten |= ranges.advance();
    }

    /** Whether any record is with a member. */
    public boolean holdsLocks() {
        for (InFlightRange range : ranges.all()) {
            if (range.state == RecordState.ACQUIRED) {
                return true;
            }
        }
        return false;
    }

    // The log.

    /** The log begins at this offset: what is below can be delivered no more. */
    public void onLogStart(long logStartOffset) {
        if (restored && logStartOffset > ranges.startOffset()) {
            ranges.dropBelow(logStartOffset);
            advance();
        }
    }

    /** The log ends at this offset, below what was delivered: an unclean election lost records. */
    public void onLogEnd(long logEndOffset) {
        if (restored && logEndOffset < ranges.endOffset()) {
            ranges.dropFrom(logEndOffset);
            advance();
        }
    }

    // Writing.

    /** Whether something is to be written or is being written. */
    public boolean hasUnwritten() {
        return writing != null || isDirty();
    }

    private boolean isDirty() {
        if (startUnwritten || !unsent.isEmpty()) {
            return true;
        }
        for (InFlightRange range : ranges.all()) {
            if (range.unwritten) {
                return true;
            }
        }
        return false;
    }

    /** The next write, or null when there is nothing to write or one is under way. */
    public @Nullable StateWrite nextWrite() {
        if (!restored || closed != null || writing != null || !isDirty()) {
            return null;
        }
        Set<PendingAcknowledgement> taken = unsent;
        unsent = new LinkedHashSet<>();
        StateWriteBuilder builder = new StateWriteBuilder(ranges.startOffset());
        for (InFlightRange range : ranges.all()) {
            builder.add(range);
            range.unwritten = false;
        }
        startUnwritten = false;
        writing = taken;
        return builder.build(stateEpoch, leaderEpoch);
    }

    /**
     * The write that was under way ended.
     *
     * @param result NONE, or the shard's error
     */
    public void onWritten(Errors result) {
        Set<PendingAcknowledgement> done = writing;
        if (done == null) {
            return; // closed meanwhile
        }
        writing = null;
        if (result == Errors.NONE) {
            startConfirmed = true;
            mayHaveAvailable = true;
        } else {
            writeAllAgain();
        }
        for (InFlightRange range : ranges.all()) {
            if (range.pending != null && done.contains(range.pending)) {
                range.pending = null;
                if (result == Errors.NONE) {
                    range.settle(range.target);
                } else {
                    range.target = range.state;
                }
            }
        }
        ranges.joinAll();
        advance();
        done.forEach(pending -> pending.complete(ShardErrors.answerOf(result)));
        if (ShardErrors.isFenced(result)) {
            close(ShardErrors.answerOf(result));
        }
    }

    /**
     * The shard may have taken the write or not, and may have dropped what lies before the start
     * offset that it named: it is told all there is.
     */
    private void writeAllAgain() {
        startUnwritten = true;
        for (InFlightRange range : ranges.all()) {
            int ended = range.deliveryCount - (range.state == RecordState.ACQUIRED ? 1 : 0);
            range.unwritten |= range.state.isTerminal() || ended > 0;
        }
    }

    // End.

    /** Another cache of this share partition is the valid one from now on. */
    public void close(Errors reason) {
        if (closed != null) {
            return;
        }
        closed = reason;
        List<PendingAcknowledgement> waiting = new ArrayList<>();
        Set<PendingAcknowledgement> underWay = writing;
        if (underWay != null) {
            waiting.addAll(underWay);
        }
        waiting.addAll(unsent);
        writing = null;
        unsent = new LinkedHashSet<>();
        ranges.reset(ranges.endOffset());
        waiting.forEach(pending -> pending.complete(reason));
    }

    /** Why this cache is no longer the valid one, or null while it is. */
    public @Nullable Errors closedBy() {
        return closed;
    }
}
