package io.headrace.gateway.subscription;

import io.headrace.client.consume.ConsumedRecord;
import io.headrace.client.consume.Position;
import io.headrace.gateway.fanout.Delivery;
import io.headrace.gateway.fanout.Fanout;
import io.headrace.gateway.fanout.FanoutReader;
import io.headrace.gateway.problem.Problem;
import io.headrace.gateway.problem.ProblemException;
import io.headrace.gateway.record.Cursor;
import io.headrace.gateway.record.CursorCodec;
import io.headrace.gateway.record.Start;
import io.headrace.gateway.record.StartOffsets;
import io.headrace.gateway.record.TopicCatalog;
import io.headrace.gateway.record.TopicCatalog.TopicShape;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * A reader of selected topics with the cursor to resume it. New topics that a pattern matches, and
 * new partitions, are read from their first record on. Its methods must not be called at the same
 * time; their results are published safely.
 */
final class Subscription implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Subscription.class);
    private static final String GONE = "unknown-topic";

    /** Between attempts to read what cannot be read for now. */
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private static final int MAX_LOST = 1000;

    private final TopicCatalog catalog;
    private final StartOffsets startOffsets;
    private final Selection selection;
    private final int maxPartitions;
    private final FanoutReader reader;
    private long refreshedNanos = System.nanoTime();
    private boolean topicLost;
    private boolean delivered;

    /** The newest delivery, whose places are not in {@link #places} yet: few ask for a cursor. */
    private @Nullable Delivery latest;

    private @Nullable List<TopicShape> shapes;
    private final SortedMap<String, TopicShape> topics = new TreeMap<>();
    private final SortedMap<String, SortedMap<Integer, Long>> places = new TreeMap<>();

    /** Where reading stopped in topics that are out of sight, in case they come back. */
    private final Map<Uuid, SortedMap<Integer, Long>> lost = new LinkedHashMap<>();

    private Subscription(
            TopicCatalog catalog,
            StartOffsets startOffsets,
            Fanout fanout,
            Selection selection,
            int maxPartitions) {
        this.catalog = catalog;
        this.startOffsets = startOffsets;
        this.selection = selection;
        this.maxPartitions = maxPartitions;
        this.reader = fanout.open(Map.of());
    }

    /** Opens subscriptions with the same means. */
    record Opener(
            TopicCatalog catalog, StartOffsets startOffsets, Fanout fanout, int maxPartitions) {

        /** Finds the topics and where to begin; fails when a named topic does not exist. */
        Mono<Subscription> open(Selection selection, Start start) {
            return Mono.defer(
                    () -> {
                        Subscription subscription =
                                new Subscription(
                                        catalog, startOffsets, fanout, selection, maxPartitions);
                        return subscription
                                .find(start)
                                .thenReturn(subscription)
                                .doOnError(error -> subscription.close())
                                .doOnCancel(subscription::close);
                    });
        }
    }

    /** The partitions that are read now. */
    int partitionCount() {
        return places.values().stream().mapToInt(Map::size).sum();
    }

    /** The topics that are read now. */
    List<String> topics() {
        return List.copyOf(topics.keySet());
    }

    /** The cursor to resume after all that was delivered. */
    String cursor() {
        settle();
        Cursor.Builder cursor = new Cursor.Builder();
        topics.values().forEach(topic -> cursor.topic(topic.name(), topic.topicId()));
        places.forEach(
                (topic, offsets) ->
                        offsets.forEach(
                                (partition, offset) ->
                                        cursor.place(
                                                new TopicPartition(topic, partition), offset)));
        return CursorCodec.encode(cursor.build());
    }

    /** Counts a record as delivered, so that the cursor comes after it. */
    void onDelivered(ConsumedRecord record) {
        settle();
        place(record.topicPartition(), record.offset() + 1);
    }

    private void place(TopicPartition partition, long offset) {
        places.computeIfAbsent(partition.topic(), t -> new TreeMap<>())
                .put(partition.partition(), offset);
    }

    /**
     * The next records, or none when the time is up.
     *
     * @param gather how long further records are waited for once there are some
     */
    Mono<Delivery> next(int maxRecords, long maxBytes, Duration maxWait, Duration gather) {
        return reader.nextShared(maxRecords, maxBytes, maxWait, gather).onErrorResume(this::goOn);
    }

    /** A part of the cluster that is away, or a topic that was deleted, must not end the others. */
    private Mono<Delivery> goOn(Throwable error) {
        if (Fanout.isUnknownTopic(error)) {
            topicLost = true;
        } else if (!Fanout.isRetriable(error)) {
            return Mono.error(error);
        }
        return Mono.delay(PAUSE).thenReturn(Delivery.NOTHING);
    }

    /** Whether it is time to {@link #refresh}. */
    boolean isRefreshDue(Duration interval) {
        return topicLost || System.nanoTime() - refreshedNanos > interval.toNanos();
    }

    /** Moves the cursor behind a whole delivery. */
    void onDelivered(Delivery delivery) {
        // A delivery tells the places of all partitions that are read, so it replaces the one
        // before, unless topics have changed in between; those changes settle it.
        Delivery before = latest;
        if (before != null && before.places().size() != delivery.places().size()) {
            settle();
            delivered = false;
        }
        latest = delivery;
        if (!delivered) {
            delivered = isWhole(delivery);
        }
    }

    /** Whether the delivery tells the place of every partition, and of none that is not read. */
    private boolean isWhole(Delivery delivery) {
        for (TopicPartition partition : delivery.places().keySet()) {
            if (!isKnown(partition)) {
                return false;
            }
        }
        return delivery.places().size() == partitionCount();
    }

    private void settle() {
        Delivery newest = latest;
        latest = null;
        if (newest != null) {
            newest.places()
                    .forEach(
                            (partition, place) -> {
                                if (topics.containsKey(partition.topic())) {
                                    place(partition, place.nextOffset());
                                }
                            });
        }
    }

    /**
     * The topics, when the cursor follows from them and the delivery before alone, so that whoever
     * has the same of both has the same cursor; null when other places are in it.
     */
    @Nullable List<TopicShape> cursorTopics() {
        if (!delivered) {
            return null;
        }
        if (shapes == null) {
            shapes = List.copyOf(topics.values());
        }
        return shapes;
    }

    private Mono<Void> find(Start start) {
        return selected(catalog::topic)
                .flatMap(
                        found -> {
                            checkSize(found);
                            return Flux.fromIterable(found)
                                    .flatMapSequential(topic -> begin(topic, start), 8)
                                    .collectList();
                        })
                .doOnNext(begun -> begun.forEach(this::take))
                .then();
    }

    private record Begun(TopicShape topic, Map<TopicPartition, Long> offsets) {}

    private Mono<Begun> begin(TopicShape topic, Start start) {
        return startOffsets
                .find(topic, IntStream.range(0, topic.partitions()).boxed().toList(), start)
                .map(offsets -> new Begun(topic, offsets));
    }

    private void take(Begun begun) {
        onTopicsChanged();
        topics.put(begun.topic().name(), begun.topic());
        begun.offsets().forEach(this::place);
        reader.add(begun.offsets());
    }

    private Mono<List<TopicShape>> selected(Function<String, Mono<TopicShape>> byName) {
        Mono<List<TopicShape>> named =
                Flux.fromIterable(selection.topics()).flatMapSequential(byName, 8).collectList();
        if (!selection.hasPatterns()) {
            return named;
        }
        return named.zipWith(
                catalog.all(),
                (chosen, all) -> {
                    Map<String, TopicShape> distinct = new LinkedHashMap<>();
                    chosen.forEach(topic -> distinct.put(topic.name(), topic));
                    all.stream()
                            .filter(topic -> selection.selects(topic.name(), topic.internal()))
                            .forEach(topic -> distinct.putIfAbsent(topic.name(), topic));
                    return List.copyOf(distinct.values());
                });
    }

    private void checkSize(List<TopicShape> found) {
        int partitions = found.stream().mapToInt(TopicShape::partitions).sum();
        if (partitions > maxPartitions) {
            throw Problem.invalidRequest(
                            "The subscription selects "
                                    + partitions
                                    + " partitions; at most "
                                    + maxPartitions
                                    + " are allowed: subscribe to fewer topics.")
                    .toException();
        }
    }

    /** What {@link #refresh} found. */
    record Change(List<String> added, List<String> removed) {
        static final Change NONE = new Change(List.of(), List.of());

        boolean isEmpty() {
            return added.isEmpty() && removed.isEmpty();
        }
    }

    /**
     * Looks for topics and partitions that came or went since. Fails only when nothing that was
     * named is left and nothing can come.
     */
    Mono<Change> refresh() {
        refreshedNanos = System.nanoTime();
        topicLost = false;
        return selected(this::topicIfAny)
                .flatMap(
                        found -> {
                            checkSize(found);
                            if (found.isEmpty() && !selection.hasPatterns()) {
                                return Mono.error(noneLeft());
                            }
                            List<TopicShape> grown = new ArrayList<>();
                            for (TopicShape topic : found) {
                                TopicShape known = topics.get(topic.name());
                                if (known == null
                                        || known.partitions() < topic.partitions()
                                        || isReplaced(topic)) {
                                    grown.add(topic);
                                }
                            }
                            List<String> removed = new ArrayList<>(topics.keySet());
                            found.stream()
                                    .filter(topic -> !isReplaced(topic))
                                    .forEach(topic -> removed.remove(topic.name()));
                            return Flux.fromIterable(grown)
                                    .flatMapSequential(
                                            topic ->
                                                    begin(topic, new Start.At(Position.earliest())),
                                            8)
                                    .collectList()
                                    .map(begun -> change(begun, removed));
                        })
                .onErrorResume(
                        error -> !(error instanceof ProblemException gone && isGone(gone)),
                        error -> {
                            LOG.debug("Topics could not be looked up; later", error);
                            return Mono.just(Change.NONE);
                        });
    }

    private Mono<TopicShape> topicIfAny(String name) {
        return catalog.topic(name).onErrorResume(Fanout::isUnknownTopic, error -> Mono.empty());
    }

    private static ProblemException noneLeft() {
        return Problem.of(
                        GONE,
                        404,
                        "No such topic or partition",
                        "The topics of the subscription were deleted.")
                .toException();
    }

    private static boolean isGone(ProblemException error) {
        return error.problem().type().equals(GONE);
    }

    private void onTopicsChanged() {
        settle();
        delivered = false;
        shapes = null;
    }

    private Change change(List<Begun> begun, List<String> removed) {
        onTopicsChanged();
        removed.forEach(this::lose);
        List<String> added = new ArrayList<>();
        for (Begun each : begun) {
            if (!topics.containsKey(each.topic().name())) {
                added.add(each.topic().name());
            }
            Map<TopicPartition, Long> fresh = new LinkedHashMap<>(each.offsets());
            fresh.keySet().removeIf(this::isKnown);
            goOnIn(each.topic(), fresh);
            topics.put(each.topic().name(), each.topic());
            fresh.forEach(this::place);
            reader.add(fresh);
        }
        return new Change(added, removed);
    }

    private void lose(String topic) {
        TopicShape known = topics.remove(topic);
        SortedMap<Integer, Long> stopped = places.remove(topic);
        reader.remove(topic);
        if (known != null && stopped != null) {
            lost.put(known.topicId(), stopped);
            if (lost.size() > MAX_LOST) {
                lost.remove(lost.keySet().iterator().next());
            }
        }
    }

    /** A topic that was out of sight, and is still the same, is read on where it was left. */
    private void goOnIn(TopicShape topic, Map<TopicPartition, Long> offsets) {
        SortedMap<Integer, Long> stopped = lost.remove(topic.topicId());
        if (stopped != null) {
            offsets.replaceAll(
                    (partition, first) ->
                            Math.max(first, stopped.getOrDefault(partition.partition(), first)));
        }
    }

    /** Whether the topic was deleted and made anew under the same name. */
    private boolean isReplaced(TopicShape topic) {
        TopicShape known = topics.get(topic.name());
        return known != null && !known.topicId().equals(topic.topicId());
    }

    private boolean isKnown(TopicPartition partition) {
        SortedMap<Integer, Long> known = places.get(partition.topic());
        return known != null && known.containsKey(partition.partition());
    }

    @Override
    public void close() {
        reader.close();
    }
}
