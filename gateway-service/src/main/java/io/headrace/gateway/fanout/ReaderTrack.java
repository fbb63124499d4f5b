package io.headrace.gateway.fanout;

import io.headrace.client.consume.ConsumedRecord;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.List;

/**
 * A reader's place in one partition, and what leads to the next record there. Confined to the
 * fan-out's thread.
 */
final class ReaderTrack implements PartitionFeed.Waiter {
    /** Being read in one partition. */
    private enum Stage {
        /** Nothing is under way. */
        IDLE,
        /** A fetch of its own is under way. */
        FETCHING,
        /** It waits at the end of the partition's feed. */
        WAITING
    }

    private final Fanout fanout;
    private final FanoutReader reader;
    private final TopicPartition partition;
    private long position;
    private Stage stage = Stage.IDLE;
    private boolean atEnd;
    private boolean left;
    private int failures;
    private long logStartOffset = -1;
    private long endOffset = -1;
    private @Nullable LogSlice piece;
    private Delivery.@Nullable Gap gap;
    private @Nullable RuntimeException error;
    private @Nullable PartitionFeed waitedFor;

    ReaderTrack(Fanout fanout, FanoutReader reader, TopicPartition partition, long position) {
        this.fanout = fanout;
        this.reader = reader;
        this.partition = partition;
        this.position = position;
    }

    TopicPartition partition() {
        return partition;
    }

    /** The offset that is read next. */
    long position() {
        return position;
    }

    Delivery.Place place() {
        return new Delivery.Place(position, logStartOffset, Math.max(endOffset, position));
    }

    boolean hasSomething() {
        return gap != null || error != null || hasRecords();
    }

    boolean hasRecords() {
        return current() != null;
    }

    /** Whether it holds a piece of its own in memory, or of the feed. */
    boolean holdsPiece() {
        return piece != null;
    }

    /** Whether an answer need not wait for this partition once time is up. */
    boolean isDone() {
        return stage != Stage.FETCHING && atEnd;
    }

    /** Whether what comes next is what the feed holds, for every reader at this place. */
    boolean isSharable() {
        LogSlice held = current();
        if (gap != null || error != null || stage == Stage.FETCHING) {
            return false;
        }
        PartitionFeed feed = fanout.feed(partition);
        return held == null || (feed != null && feed.isKept(held));
    }

    /**
     * Whether what is new here, if anything is, came after so long a silence; nothing is known of a
     * partition without a feed.
     */
    boolean isFirstAfter(long silenceMs) {
        PartitionFeed feed = fanout.feed(partition);
        if (feed == null) {
            return !hasRecords();
        }
        return hasRecords() ? feed.silenceMs() >= silenceMs : feed.isSilentFor(silenceMs);
    }

    /** About how many bytes of records there are; counted no further than needed. */
    long availableBytes(long enough) {
        LogSlice held = current();
        if (held == null) {
            return 0;
        }
        PartitionFeed feed = fanout.feed(partition);
        return Math.max(held.sizeInBytes(), feed == null ? 0 : feed.bytesFrom(position, enough));
    }

    /** About how many records there are. */
    long availableRecords() {
        LogSlice held = current();
        if (held == null) {
            return 0;
        }
        PartitionFeed feed = fanout.feed(partition);
        long end = feed == null ? held.nextOffset() : Math.max(held.nextOffset(), feed.endOffset());
        return end - position;
    }

    /** Has the feed read on although nobody waits there: what comes until then is wanted. */
    void keepFetching(long untilMs, long pauseMs) {
        PartitionFeed feed = stage == Stage.IDLE ? fanout.feed(partition) : null;
        if (feed != null) {
            feed.keepFetching(untilMs, pauseMs);
        }
    }

    /** Goes on there: the records before were delivered. */
    void goTo(long offset) {
        position = offset;
        piece = null;
    }

    Delivery.@Nullable Gap takeGap() {
        Delivery.Gap taken = gap;
        gap = null;
        return taken;
    }

    @Nullable RuntimeException error() {
        return error;
    }

    void forgetError() {
        error = null;
    }

    /** Why the feed that is waited for may not have what the log has; null when it should. */
    @Nullable RuntimeException trouble() {
        PartitionFeed feed = waitedFor;
        return feed == null ? null : feed.trouble();
    }

    /** The piece that holds the next record; pieces without any are passed over. */
    private @Nullable LogSlice current() {
        while (true) {
            if (piece == null) {
                PartitionFeed feed = fanout.feed(partition);
                piece = feed == null ? null : feed.sliceAt(position);
            }
            LogSlice held = piece;
            if (held == null) {
                return null;
            }
            note(held);
            if (held.indexOf(position) < held.records().size()) {
                return held;
            }
            piece = null;
            if (position >= held.nextOffset()) {
                continue;
            }
            position = held.nextOffset();
        }
    }

    private void note(LogSlice slice) {
        logStartOffset = slice.logStartOffset();
        endOffset = Math.max(endOffset, slice.endOffset());
    }

    void take(List<ConsumedRecord> into, FanoutReader.Budget budget, int most) {
        int taken = 0;
        while (taken < most) {
            LogSlice held = current();
            if (held == null) {
                return;
            }
            int index = held.indexOf(position);
            while (index < held.records().size() && taken < most) {
                ConsumedRecord record = held.records().get(index);
                if (!budget.admits(record)) {
                    return;
                }
                budget.spend(record);
                into.add(record);
                position = record.offset() + 1;
                index++;
                taken++;
            }
            if (index == held.records().size()) {
                position = Math.max(position, held.nextOffset());
                piece = null;
            }
        }
    }

    /** Sets going what leads to the next record. */
    void advance() {
        if (stage != Stage.IDLE || left || hasSomething()) {
            return;
        }
        Demand open = reader.demand();
        PartitionFeed feed = fanout.feed(partition);
        boolean joins = feed != null ? position == feed.endOffset() : atEnd;
        if (feed != null && atEnd && position > feed.endOffset()) {
            // The feed is behind what this reader read by itself: it is on its way.
            joins = true;
        }
        if (joins && open != null && !open.isExpired()) {
            PartitionFeed joined = fanout.feedFrom(partition, position);
            stage = Stage.WAITING;
            atEnd = true;
            waitedFor = joined;
            joined.await(this);
        } else if (!(atEnd && open != null && open.isExpired()) && reader.mayCatchUp()) {
            catchUp();
        }
    }

    private void catchUp() {
        stage = Stage.FETCHING;
        reader.onCatchUpBegun();
        fanout.metrics().onCatchUpFetch();
        fanout.read(partition, position, Duration.ZERO, this::onCaughtUp, this::onCatchUpFailed);
    }

    private void endCatchUp() {
        reader.onCatchUpEnded();
        stage = Stage.IDLE;
    }

    private void onCaughtUp(LogSlice slice) {
        endCatchUp();
        failures = 0;
        note(slice);
        endOffset = slice.endOffset();
        atEnd = slice.nextOffset() >= slice.endOffset();
        if (slice.records().isEmpty()) {
            position = Math.max(position, slice.nextOffset());
        } else if (slice.fetchOffset() == position && !left) {
            piece = slice;
        }
        reader.pump();
    }

    private void onCatchUpFailed(RuntimeException failure) {
        Demand open = reader.demand();
        if (Fanout.errorOf(failure) == Errors.OFFSET_OUT_OF_RANGE) {
            fanout.bounds(partition, this::onBounds, this::onFailedForGood);
        } else if (Fanout.isRetriable(failure) && !left && open != null && !open.isExpired()) {
            failures++;
            fanout.schedule(this::retry, fanout.backoffMs(failures));
        } else {
            onFailedForGood(failure);
        }
    }

    private void retry() {
        endCatchUp();
        reader.pump();
    }

    private void onBounds(PartitionLog.Bounds bounds) {
        endCatchUp();
        long clamped = Math.clamp(position, bounds.startOffset(), bounds.endOffset());
        if (clamped != position) {
            gap = new Delivery.Gap(partition, position, clamped);
            position = clamped;
        }
        logStartOffset = bounds.startOffset();
        endOffset = bounds.endOffset();
        atEnd = position == endOffset;
        reader.pump();
    }

    private void onFailedForGood(RuntimeException failure) {
        endCatchUp();
        error = failure;
        reader.pump();
    }

    @Override
    public void onMore() {
        stage = Stage.IDLE;
        waitedFor = null;
        atEnd = false;
        reader.onMore(this);
    }

    @Override
    public void onFailed(RuntimeException failure) {
        stage = Stage.IDLE;
        waitedFor = null;
        error = failure;
        reader.pump();
    }

    void leave() {
        left = true;
        piece = null;
        if (waitedFor != null) {
            waitedFor.forget(this);
            waitedFor = null;
            stage = Stage.IDLE;
        }
    }
}
