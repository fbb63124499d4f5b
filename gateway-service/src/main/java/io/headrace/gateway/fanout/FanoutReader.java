package io.headrace.gateway.fanout;

import io.headrace.client.consume.ConsumedRecord;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import reactor.core.publisher.Mono;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
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
    private final Map<TopicPartition, ReaderTrack> tracks = new LinkedHashMap<>();
    private List<ReaderTrack> order = new ArrayList<>();
    private List<TopicPartition> partitions = List.of();
    private int turn;
    private int catchUps;
    private boolean closed;
    private long timerMs = Long.MAX_VALUE;
    private @Nullable Demand demand;

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
                (partition, offset) ->
                        tracks.putIfAbsent(
                                partition, new ReaderTrack(fanout, this, partition, offset)));
        onTracksChanged();
    }

    private void onTracksChanged() {
        order = new ArrayList<>(tracks.values());
        partitions = List.copyOf(tracks.keySet());
    }

    /**
     * The next records: as soon as there are some, or none when the time is up. One call at a time.
     *
     * @param maxRecords at least 1
     * @param maxBytes about how many bytes; one record is given even if it is larger
     */
    public Mono<Delivery> next(int maxRecords, long maxBytes, Duration maxWait) {
        return next(maxRecords, maxBytes, maxWait, false, Duration.ZERO);
    }

    /**
     * The next records, like {@link #next(int, long, Duration)}, as the same object that other
     * readers at the same places get. Of its places only the next offsets are this reader's own.
     *
     * @param gather how long at most further records are waited for once there are some, unless
     *     those that came first are enough; what comes later is looked at when the time is up. All
     *     readers with the same time wait until the same moment.
     */
    public Mono<Delivery> nextShared(
            int maxRecords, long maxBytes, Duration maxWait, Duration gather) {
        return next(maxRecords, maxBytes, maxWait, true, gather);
    }

    private Mono<Delivery> next(
            int maxRecords, long maxBytes, Duration maxWait, boolean shared, Duration gather) {
        return Mono.create(
                sink -> {
                    Demand asked = new Demand(maxRecords, maxBytes, maxWait, shared, gather, sink);
                    fanout.execute(() -> begin(asked));
                });
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
                    for (ReaderTrack track : List.copyOf(tracks.values())) {
                        if (track.partition().topic().equals(topic)) {
                            track.leave();
                            tracks.remove(track.partition());
                        }
                    }
                    onTracksChanged();
                });
    }

    @Override
    public void close() {
        fanout.execute(
                () -> {
                    closed = true;
                    tracks.values().forEach(ReaderTrack::leave);
                    Demand open = demand;
                    demand = null;
                    if (open != null) {
                        open.sink().success(new Delivery(List.of(), List.of(), places(), null));
                    }
                });
    }

    private void begin(Demand newDemand) {
        if (demand != null) {
            newDemand.sink().error(new IllegalStateException("The reader is being read already"));
            return;
        }
        if (closed) {
            newDemand.sink().success(new Delivery(List.of(), List.of(), places(), null));
            return;
        }
        demand = newDemand;
        newDemand.sink().onCancel(() -> fanout.execute(() -> cancel(newDemand)));
        newDemand.begin(fanout.nowMs());
        expireLater(newDemand);
        pump();
    }

    /** One timer for one demand after the other: most are met long before their time is up. */
    private void expireLater(Demand open) {
        if (!open.isExpired() && open.deadlineMs() < timerMs) {
            timerMs = open.deadlineMs();
            fanout.schedule(this::onTime, open.deadlineMs() - fanout.nowMs());
        }
    }

    private void onTime() {
        timerMs = Long.MAX_VALUE;
        Demand open = demand;
        if (open == null || closed) {
            return;
        }
        if (fanout.nowMs() < open.deadlineMs()) {
            expireLater(open);
        } else {
            open.expire();
            pump();
        }
    }

    private void cancel(Demand cancelled) {
        if (demand == cancelled) {
            demand = null;
        }
    }

    /** What is asked for now; null when nothing is. */
    @Nullable Demand demand() {
        return demand;
    }

    /** Whether a partition may be read by a fetch of its own. */
    boolean mayCatchUp() {
        return catchUps + heldPieces() < fanout.options().catchUps();
    }

    void onCatchUpBegun() {
        catchUps++;
    }

    void onCatchUpEnded() {
        catchUps--;
    }

    /**
     * There may be more in a partition. While records are gathered until a certain moment, all
     * partitions are looked at then, and not for each piece that comes before.
     */
    void onMore(ReaderTrack track) {
        Demand open = demand;
        if (open == null || !open.isGatheringAll() || catchUps > 0 || isEnough(track, open)) {
            pump();
        } else {
            track.keepFetching(open.tickMs(), pauseMs(open));
        }
    }

    private static boolean isEnough(ReaderTrack track, Demand open) {
        return track.availableRecords() >= open.maxRecords()
                || track.availableBytes(open.maxBytes()) >= open.maxBytes();
    }

    private static long pauseMs(Demand open) {
        return Math.max(1, open.gatherMs() / 4);
    }

    /** Gives what there is, and sets going what is needed to have more. */
    void pump() {
        Demand open = demand;
        if (open == null || closed) {
            return;
        }
        // Partitions with records ready must not keep the others from being read.
        for (int i = 0; i < order.size(); i++) {
            order.get((turn + i) % order.size()).advance();
        }
        if (!hasSomething()) {
            if (open.isExpired() && order.stream().allMatch(ReaderTrack::isDone)) {
                finish(open);
            }
            return;
        }
        if (!waitsForMore(open)) {
            finish(open);
        }
    }

    /** Whether further records are waited for; what ends that is under way then. */
    private boolean waitsForMore(Demand open) {
        if (open.isGathered()) {
            return false;
        }
        if (catchUps > 0) {
            if (!open.isGathering()) {
                long gatherMs = fanout.options().gather().toMillis();
                open.beginGathering(fanout.nowMs() + gatherMs);
                fanout.schedule(() -> gathered(open), gatherMs);
            }
            return true;
        }
        if (open.gatherMs() == 0 || open.isExpired() || hasEnough(open)) {
            return false;
        }
        if (!open.isGathering()) {
            if (isFirstAfterSilence(open.gatherMs())) {
                return false;
            }
            open.beginGathering(fanout.atTick(open.gatherMs(), () -> gathered(open)));
        }
        long pauseMs = pauseMs(open);
        for (ReaderTrack track : order) {
            track.keepFetching(open.tickMs(), pauseMs);
        }
        return true;
    }

    /**
     * Whether nothing came for as long as is gathered before what is here now: others may as well
     * not follow soon, and one alone is not held up. All readers at these places see it alike.
     */
    private boolean isFirstAfterSilence(long gatherMs) {
        for (ReaderTrack track : order) {
            if (!track.isFirstAfter(gatherMs)) {
                return false;
            }
        }
        return true;
    }

    /** Whether there is about as much as was asked for, or something else than records. */
    private boolean hasEnough(Demand open) {
        long records = 0;
        long bytes = 0;
        for (ReaderTrack track : order) {
            if (track.hasSomething() && !track.hasRecords()) {
                return true;
            }
            records += track.availableRecords();
            bytes += track.availableBytes(open.maxBytes());
        }
        return records >= open.maxRecords() || bytes >= open.maxBytes();
    }

    private void gathered(Demand open) {
        open.onGathered();
        if (demand == open) {
            pump();
        }
    }

    private boolean hasSomething() {
        for (ReaderTrack track : order) {
            if (track.hasSomething()) {
                return true;
            }
        }
        return false;
    }

    private void finish(Demand open) {
        demand = null;
        SharedDeliveries.Start start = open.isShared() ? start() : null;
        SharedDeliveries.Shared known =
                start == null ? null : fanout.sharedDeliveries().find(start, open);
        if (known != null) {
            for (int i = 0; i < order.size(); i++) {
                order.get(i).goTo(known.ends()[i]);
            }
            open.sink().success(known.delivery());
            return;
        }
        if (start != null) {
            turn = start.turn();
        }
        Budget budget = new Budget(open.maxRecords(), open.maxBytes());
        List<ConsumedRecord> records = take(open, budget);
        List<Delivery.Gap> gaps = new ArrayList<>();
        RuntimeException error = null;
        for (ReaderTrack track : order) {
            Delivery.Gap gap = track.takeGap();
            if (gap != null) {
                gaps.add(gap);
            }
            if (track.error() != null && error == null) {
                error = track.error();
                track.forgetError();
            }
        }
        turn = order.isEmpty() ? 0 : (turn + 1) % order.size();
        if (error != null && records.isEmpty() && gaps.isEmpty()) {
            open.sink().error(error);
            return;
        }
        RuntimeException trouble = records.isEmpty() && gaps.isEmpty() ? trouble() : null;
        Delivery delivery = new Delivery(records, gaps, places(), trouble);
        if (start != null && !records.isEmpty()) {
            long bytes = open.maxBytes() - budget.bytes;
            fanout.sharedDeliveries()
                    .keep(start, open, bytes, !hasSomething(), positions(), delivery);
        }
        open.sink().success(delivery);
    }

    private List<ConsumedRecord> take(Demand open, Budget budget) {
        List<ConsumedRecord> records = new ArrayList<>();
        int ready = 0;
        for (ReaderTrack track : order) {
            ready += track.hasRecords() ? 1 : 0;
        }
        int share = Math.max(1, open.maxRecords() / Math.max(1, ready));
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < order.size() && !budget.isSpent(); i++) {
                ReaderTrack track = order.get((turn + i) % order.size());
                track.take(records, budget, round == 0 ? share : Integer.MAX_VALUE);
            }
        }
        return Collections.unmodifiableList(records);
    }

    /** Where this reader is, when others there would get the same; null when they would not. */
    private SharedDeliveries.@Nullable Start start() {
        for (ReaderTrack track : order) {
            if (!track.isSharable()) {
                return null;
            }
        }
        return order.isEmpty() ? null : SharedDeliveries.Start.of(partitions, positions());
    }

    private long[] positions() {
        long[] positions = new long[order.size()];
        for (int i = 0; i < positions.length; i++) {
            positions[i] = order.get(i).position();
        }
        return positions;
    }

    private @Nullable RuntimeException trouble() {
        for (ReaderTrack track : order) {
            RuntimeException trouble = track.trouble();
            if (trouble != null) {
                return trouble;
            }
        }
        return null;
    }

    /** Pieces in memory: with the fetches under way, what one reader may hold is bounded. */
    private int heldPieces() {
        int held = 0;
        for (ReaderTrack track : order) {
            held += track.holdsPiece() ? 1 : 0;
        }
        return held;
    }

    private Map<TopicPartition, Delivery.Place> places() {
        Map<TopicPartition, Delivery.Place> places = new LinkedHashMap<>();
        tracks.forEach((partition, track) -> places.put(partition, track.place()));
        return places;
    }

    /** What may still be given. */
    static final class Budget {
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
}
