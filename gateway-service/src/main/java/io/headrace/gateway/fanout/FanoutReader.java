package io.headrace.gateway.fanout;

import io.headrace.client.consume.ConsumedRecord;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One reader of some partitions. It is pulled: nothing is read ahead beyond one piece of each
 * partition that it is behind in. State is confined to the fan-out's thread; the public methods may
 * be called on any.
 */
public final class FanoutReader implements AutoCloseable {
    private final Fanout fanout;
    private final Map<TopicPartition, Track> tracks = new LinkedHashMap<>();
    private List<Track> order = new ArrayList<>();
    private int turn;
    private int catchUps;
    private boolean closed;
    private @Nullable Demand demand;

    /** Being read in one partition. */
    private enum Stage {
        /** Nothing is under way. */
        IDLE,
        /** A fetch of its own is under way. */
        FETCHING,
        /** It waits at the end of the partition's feed. */
        WAITING
    }

    /** What {@link #next} asked for. */
    private static final class Demand {
        private final int maxRecords;
        private final long maxBytes;
        private final MonoSink<Delivery> sink;
        private boolean expired;
        private boolean gathering;
        private boolean gathered;

        Demand(int maxRecords, long maxBytes, MonoSink<Delivery> sink) {
            this.maxRecords = maxRecords;
            this.maxBytes = maxBytes;
            this.sink = sink;
        }
    }

    FanoutReader(Fanout fanout, Map<TopicPartition, Long> offsets) {
        this.fanout = fanout;
        addTracks(offsets);
        long sum = 0;
        for (long offset : offsets.values()) {
            sum += offset;
        }
        // A reader of a single answer must not begin with the same partition each time.
        this.turn = order.isEmpty() ? 0 : (int) Math.floorMod(sum, (long) order.size());
    }

    private void addTracks(Map<TopicPartition, Long> offsets) {
        offsets.forEach(
                (partition, offset) -> tracks.putIfAbsent(partition, new Track(partition, offset)));
        order = new ArrayList<>(tracks.values());
    }

    /**
     * The next records: as soon as there are some, or none when the time is up. One call at a time.
     *
     * @param maxRecords at least 1
     * @param maxBytes about how many bytes; one record is given even if it is larger
     */
    public Mono<Delivery> next(int maxRecords, long maxBytes, Duration maxWait) {
        return Mono.create(
                sink ->
                        fanout.execute(
                                () -> begin(new Demand(maxRecords, maxBytes, sink), maxWait)));
    }

    /** Reads further partitions too; those known already stay where they are. */
    public void add(Map<TopicPartition, Long> offsets) {
        Map<TopicPartition, Long> copy = new LinkedHashMap<>(offsets);
        fanout.execute(
                () -> {
                    addTracks(copy);
                    pump();
                });
    }

    /** Stops to read a topic's partitions. */
    public void remove(String topic) {
        fanout.execute(
                () -> {
                    for (Track track : List.copyOf(tracks.values())) {
                        if (track.partition.topic().equals(topic)) {
                            track.leave();
                            tracks.remove(track.partition);
                        }
                    }
                    order = new ArrayList<>(tracks.values());
                });
    }

    @Override
    public void close() {
        fanout.execute(
                () -> {
                    closed = true;
                    tracks.values().forEach(Track::leave);
                    Demand open = demand;
                    demand = null;
                    if (open != null) {
                        open.sink.success(new Delivery(List.of(), List.of(), places(), null));
                    }
                });
    }

    private void begin(Demand newDemand, Duration maxWait) {
        if (demand != null) {
            newDemand.sink.error(new IllegalStateException("The reader is being read already"));
            return;
        }
        if (closed) {
            newDemand.sink.success(new Delivery(List.of(), List.of(), places(), null));
            return;
        }
        demand = newDemand;
        newDemand.sink.onCancel(() -> fanout.execute(() -> cancel(newDemand)));
        if (maxWait.isZero()) {
            newDemand.expired = true;
        } else {
            fanout.schedule(() -> expire(newDemand), maxWait.toMillis());
        }
        pump();
    }

    private void cancel(Demand cancelled) {
        if (demand == cancelled) {
            demand = null;
        }
    }

    private void expire(Demand expired) {
        expired.expired = true;
        if (demand == expired) {
            pump();
        }
    }

    /** Gives what there is, and sets going what is needed to have more. */
    private void pump() {
        Demand open = demand;
        if (open == null || closed) {
            return;
        }
        // Partitions with records ready must not keep the others from being read.
        for (int i = 0; i < order.size(); i++) {
            order.get((turn + i) % order.size()).advance();
        }
        if (!hasSomething()) {
            if (open.expired && order.stream().allMatch(Track::isDone)) {
                finish(open);
            }
            return;
        }
        if (catchUps > 0 && !open.gathered) {
            if (!open.gathering) {
                open.gathering = true;
                fanout.schedule(() -> gathered(open), fanout.options().gather().toMillis());
            }
            return;
        }
        finish(open);
    }

    private void gathered(Demand open) {
        open.gathered = true;
        if (demand == open) {
            pump();
        }
    }

    private boolean hasSomething() {
        for (Track track : order) {
            if (track.hasSomething()) {
                return true;
            }
        }
        return false;
    }

    private void finish(Demand open) {
        demand = null;
        List<ConsumedRecord> records = new ArrayList<>();
        List<Delivery.Gap> gaps = new ArrayList<>();
        Budget budget = new Budget(open.maxRecords, open.maxBytes);
        RuntimeException error = null;
        int ready = 0;
        for (Track track : order) {
            ready += track.hasRecords() ? 1 : 0;
        }
        int share = Math.max(1, open.maxRecords / Math.max(1, ready));
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < order.size() && !budget.isSpent(); i++) {
                Track track = order.get((turn + i) % order.size());
                track.take(records, budget, round == 0 ? share : Integer.MAX_VALUE);
            }
        }
        for (Track track : order) {
            if (track.gap != null) {
                gaps.add(track.gap);
                track.gap = null;
            }
            if (track.error != null && error == null) {
                error = track.error;
                track.error = null;
            }
        }
        turn = order.isEmpty() ? 0 : (turn + 1) % order.size();
        if (error != null && records.isEmpty() && gaps.isEmpty()) {
            open.sink.error(error);
        } else {
            RuntimeException trouble = records.isEmpty() && gaps.isEmpty() ? trouble() : null;
            open.sink.success(new Delivery(records, gaps, places(), trouble));
        }
    }

    private @Nullable RuntimeException trouble() {
        for (Track track : order) {
            PartitionFeed feed = track.waitedFor;
            RuntimeException trouble = feed == null ? null : feed.trouble();
            if (trouble != null) {
                return trouble;
            }
        }
        return null;
    }

    /** Pieces in memory: with the fetches under way, what one reader may hold is bounded. */
    private int heldPieces() {
        int held = 0;
        for (Track track : order) {
            held += track.piece == null ? 0 : 1;
        }
        return held;
    }

    private Map<TopicPartition, Delivery.Place> places() {
        Map<TopicPartition, Delivery.Place> places = new LinkedHashMap<>();
        tracks.forEach((partition, track) -> places.put(partition, track.place()));
        return places;
    }

    /** What may still be given. */
    private static final class Budget {
        private int records;
        private long bytes;
        private boolean begun;

        Budget(int records, long bytes) {
            this.records = records;
            this.bytes = bytes;
        }

        boolean isSpent() {
            return records <= 0 || (begun && bytes <= 0);
        }

        boolean admits(ConsumedRecord record) {
            return records > 0 && (!begun || ClientPartitionLog.sizeOf(record) <= bytes);
        }

        void spend(ConsumedRecord record) {
            begun = true;
            records--;
            bytes -= ClientPartitionLog.sizeOf(record);
        }
    }

    /** The reader's place in one partition. */
    private final class Track implements PartitionFeed.Waiter {
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

        Track(TopicPartition partition, long position) {
            this.partition = partition;
            this.position = position;
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

        /** Whether an answer need not wait for this partition once time is up. */
        boolean isDone() {
            return stage != Stage.FETCHING && atEnd;
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

        void take(List<ConsumedRecord> into, Budget budget, int most) {
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
            Demand open = demand;
            PartitionFeed feed = fanout.feed(partition);
            boolean joins = feed != null ? position == feed.endOffset() : atEnd;
            if (feed != null && atEnd && position > feed.endOffset()) {
                // The feed is behind what this reader read by itself: it is on its way.
                joins = true;
            }
            if (joins && open != null && !open.expired) {
                PartitionFeed joined = fanout.feedFrom(partition, position);
                stage = Stage.WAITING;
                atEnd = true;
                waitedFor = joined;
                joined.await(this);
            } else if (!(atEnd && open != null && open.expired)
                    && catchUps + heldPieces() < fanout.options().catchUps()) {
                catchUp();
            }
        }

        private void catchUp() {
            stage = Stage.FETCHING;
            catchUps++;
            fanout.metrics().onCatchUpFetch();
            fanout.read(
                    partition, position, Duration.ZERO, this::onCaughtUp, this::onCatchUpFailed);
        }

        private void onCaughtUp(LogSlice slice) {
            catchUps--;
            stage = Stage.IDLE;
            failures = 0;
            note(slice);
            endOffset = slice.endOffset();
            atEnd = slice.nextOffset() >= slice.endOffset();
            if (slice.records().isEmpty()) {
                position = Math.max(position, slice.nextOffset());
            } else if (slice.fetchOffset() == position && !left) {
                piece = slice;
            }
            pump();
        }

        private void onCatchUpFailed(RuntimeException failure) {
            if (Fanout.errorOf(failure) == Errors.OFFSET_OUT_OF_RANGE) {
                fanout.bounds(partition, this::onBounds, this::onFailedForGood);
            } else if (Fanout.isRetriable(failure) && !left && demand != null && !demand.expired) {
                failures++;
                fanout.schedule(this::retry, fanout.backoffMs(failures));
            } else {
                onFailedForGood(failure);
            }
        }

        private void retry() {
            catchUps--;
            stage = Stage.IDLE;
            pump();
        }

        private void onBounds(PartitionLog.Bounds bounds) {
            catchUps--;
            stage = Stage.IDLE;
            long clamped = Math.clamp(position, bounds.startOffset(), bounds.endOffset());
            if (clamped != position) {
                gap = new Delivery.Gap(partition, position, clamped);
                position = clamped;
            }
            logStartOffset = bounds.startOffset();
            endOffset = bounds.endOffset();
            atEnd = position == endOffset;
            pump();
        }

        private void onFailedForGood(RuntimeException failure) {
            catchUps--;
            stage = Stage.IDLE;
            error = failure;
            pump();
        }

        @Override
        public void onMore() {
            stage = Stage.IDLE;
            waitedFor = null;
            atEnd = false;
            pump();
        }

        @Override
        public void onFailed(RuntimeException failure) {
            stage = Stage.IDLE;
            waitedFor = null;
            error = failure;
            pump();
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
}
