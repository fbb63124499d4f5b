package io.headrace.client.group;

import io.headrace.client.connection.Connections;
import io.headrace.client.connection.Failures;
import io.headrace.client.connection.Retrier;
import io.headrace.client.consume.CommittedOffset;
import io.headrace.client.consume.ConsumedRecord;
import io.headrace.client.consume.OffsetLookup;
import io.headrace.client.consume.OutOfRangePolicy;
import io.headrace.client.consume.Position;
import io.headrace.client.consume.ReadEngine;
import io.headrace.client.consume.ReadOptions;
import io.headrace.client.consume.ReadSubscription;
import io.headrace.client.consume.Reading;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.error.ServerErrorException;
import io.headrace.client.metadata.LeaderCalls;
import io.headrace.client.metadata.Metadata;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/** A member of a classic group: a membership, and an engine that reads what is assigned. */
public final class ClassicGroupConsumer implements GroupConsumer {
    private static final Logger log = LoggerFactory.getLogger(ClassicGroupConsumer.class);

    private final GroupOptions options;
    private final Connections connections;
    private final Metadata metadata;
    private final OffsetLookup offsets;
    private final Retrier retrier;
    private final Loop loop;
    private final String lane;
    private final Runnable onClosed;
    private final GroupMembership membership;
    private final AtomicBoolean subscribed = new AtomicBoolean();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    // Confined to the loop.
    private final Map<TopicPartition, Long> committed = new HashMap<>();
    private final Map<TopicPartition, CommittedOffset> stopped = new HashMap<>();
    private final Map<TopicPartition, Position> sought = new HashMap<>();
    private @Nullable ReadEngine engine;
    private @Nullable Stream stream;

    public ClassicGroupConsumer(
            GroupOptions options,
            Connections connections,
            Metadata metadata,
            LeaderCalls leaders,
            Loop loop,
            String lane,
            Runnable onClosed) {
        this.options = options;
        this.onClosed = onClosed;
        this.connections = connections;
        this.metadata = metadata;
        this.offsets = new OffsetLookup(leaders, connections.options().requestTimeout());
        this.retrier = new Retrier(loop, connections.options());
        this.loop = loop;
        this.lane = lane;
        this.membership =
                new GroupMembership(
                        options, connections, metadata, loop, lane, new PartitionOwner());
    }

    /** The stream of the assigned partitions' records. */
    private final class Stream extends ReadSubscription.OfRecords {
        Stream(Subscriber<? super ConsumedRecord> subscriber) {
            super(subscriber, options.read(), false);
        }

        @Override
        protected void onEnd() {
            super.onEnd();
            if (engine != null) {
                setAside(engine.readings());
            }
            leave();
        }
    }

    private final class PartitionOwner implements GroupMembership.Owner {
        @Override
        public CompletableFuture<Runnable> onAssigned(Set<TopicPartition> added) {
            return retrier.run("Looking up offsets", () -> membership.committed(added))
                    .thenCompose(
                            found ->
                                    options.listener()
                                            .onAssigned(added)
                                            .toFuture()
                                            .thenApply(done -> () -> begin(added, found)));
        }

        @Override
        public CompletableFuture<Void> onRevoked(Set<TopicPartition> removed) {
            stopReading(removed);
            return options.listener()
                    .onRevoked(removed)
                    .toFuture()
                    .thenComposeAsync(nothing -> lastAutoCommit(), loop)
                    .whenCompleteAsync((nothing, failure) -> forget(removed), loop);
        }

        @Override
        public CompletableFuture<Void> onLost(Set<TopicPartition> removed) {
            stopReading(removed);
            forget(removed);
            return options.listener().onLost(removed).toFuture().thenAccept(nothing -> {});
        }

        @Override
        public void onFatal(HeadraceException failure) {
            Stream open = stream;
            if (open == null) {
                throw new IllegalStateException("Joined without a subscriber", failure);
            }
            open.fail(failure);
        }
    }

    /** From now on no record of these is handed out; what was delivered can still be committed. */
    private void stopReading(Set<TopicPartition> removed) {
        ReadEngine reading = engine;
        if (reading != null) {
            setAside(
                    reading.readings().stream()
                            .filter(one -> removed.contains(one.partition()))
                            .toList());
            reading.remove(removed);
        }
    }

    private void setAside(Collection<Reading> readings) {
        for (Reading reading : readings) {
            CommittedOffset delivered = reading.delivered();
            if (delivered != null) {
                stopped.put(reading.partition(), delivered);
            }
        }
    }

    private void forget(Set<TopicPartition> removed) {
        committed.keySet().removeAll(removed);
        stopped.keySet().removeAll(removed);
        sought.keySet().removeAll(removed);
    }

    private void begin(Set<TopicPartition> added, Map<TopicPartition, CommittedOffset> found) {
        ReadEngine reading = engine;
        if (reading == null) {
            return;
        }
        Map<TopicPartition, Position> positions = new HashMap<>();
        for (TopicPartition partition : added) {
            CommittedOffset known = found.get(partition);
            Position asked = sought.remove(partition);
            if (known != null) {
                committed.put(partition, known.offset());
            }
            if (asked != null) {
                positions.put(partition, asked);
            } else if (known != null) {
                positions.put(partition, Position.offset(known.offset()));
            } else {
                positions.put(partition, startPosition(partition));
            }
        }
        reading.add(positions);
    }

    private Position startPosition(TopicPartition partition) {
        return switch (options.startAt()) {
            case EARLIEST -> Position.earliest();
            case LATEST -> Position.latest();
            case FAIL ->
                    throw ServerErrorException.of(
                            Errors.OFFSET_OUT_OF_RANGE,
                            "Reading " + partition,
                            "group " + options.groupId() + " has no offset for it");
        };
    }

    @Override
    public Flux<ConsumedRecord> records() {
        return Flux.from(
                subscriber -> {
                    if (!subscribed.compareAndSet(false, true)) {
                        Flux.<ConsumedRecord>error(
                                        new IllegalStateException(
                                                "A group member can be subscribed to once"))
                                .subscribe(subscriber);
                        return;
                    }
                    Stream opened = new Stream(subscriber);
                    ReadEngine reading =
                            new ReadEngine(
                                    connections,
                                    metadata,
                                    offsets,
                                    loop,
                                    readOptions(),
                                    lane + "-fetch",
                                    opened);
                    opened.start(reading);
                    subscriber.onSubscribe(opened);
                    loop.execute(() -> join(reading, opened));
                });
    }

    private void join(ReadEngine reading, Stream opened) {
        engine = reading;
        stream = opened;
        if (closing.get()) {
            opened.complete();
            return;
        }
        membership.start();
        opened.onStarted();
        if (options.autoCommit()) {
            scheduleAutoCommit();
        }
    }

    private ReadOptions readOptions() {
        ReadOptions read = options.read();
        OutOfRangePolicy policy = options.startAt();
        return new ReadOptions(
                read.isolation(),
                read.maxWait(),
                read.minBytes(),
                read.maxBytes(),
                read.maxPartitionBytes(),
                read.prefetchRecords(),
                read.prefetchBytes(),
                read.maxDecompressedBytes(),
                read.checkCrcs(),
                policy,
                false,
                read.rackId());
    }

    private void scheduleAutoCommit() {
        loop.schedule(
                () -> {
                    if (!closed.isDone()) {
                        autoCommit().whenCompleteAsync((n, f) -> scheduleAutoCommit(), loop);
                    }
                },
                options.autoCommitInterval().toMillis());
    }

    /** Commits if automatic; a failure is logged, the next commit covers it. */
    private CompletableFuture<Void> autoCommit() {
        if (!options.autoCommit()) {
            return CompletableFuture.completedFuture(null);
        }
        return warned(commitDelivered());
    }

    private CompletableFuture<Void> warned(CompletableFuture<Void> commit) {
        return commit.exceptionally(
                failure -> {
                    log.warn(
                            "Group {} could not commit: {}",
                            options.groupId(),
                            Failures.of(failure, "Committing").getMessage());
                    return null;
                });
    }

    /** As {@link #autoCommit}, but tried again while that can help: there is no next time. */
    private CompletableFuture<Void> lastAutoCommit() {
        return options.autoCommit()
                ? warned(retrier.run("Committing", this::commitDelivered))
                : CompletableFuture.completedFuture(null);
    }

    private CompletableFuture<Void> commitDelivered() {
        Map<TopicPartition, CommittedOffset> delivered = new HashMap<>(stopped);
        if (engine != null) {
            for (Reading reading : engine.readings()) {
                CommittedOffset position = reading.delivered();
                if (position != null) {
                    delivered.put(reading.partition(), position);
                }
            }
        }
        delivered.keySet().retainAll(membership.assigned()); // A late farewell commits nothing.
        delivered
                .entrySet()
                .removeIf(
                        entry ->
                                Objects.equals(
                                        committed.get(entry.getKey()), entry.getValue().offset()));
        return commitNow(delivered);
    }

    private CompletableFuture<Void> commitNow(Map<TopicPartition, CommittedOffset> changed) {
        return membership
                .commit(changed)
                .thenRunAsync(
                        () ->
                                changed.forEach(
                                        (partition, offset) -> {
                                            if (membership.assigned().contains(partition)) {
                                                committed.put(partition, offset.offset());
                                            }
                                        }),
                        loop);
    }

    private <T> Mono<T> onLoop(java.util.function.Supplier<CompletableFuture<T>> action) {
        return Mono.defer(
                () ->
                        Mono.fromFuture(
                                CompletableFuture.supplyAsync(action, loop)
                                        .thenCompose(result -> result),
                                true));
    }

    @Override
    public Mono<Void> commit(ConsumedRecord record) {
        return commit(
                Map.of(
                        record.topicPartition(),
                        new CommittedOffset(record.offset() + 1, record.leaderEpoch(), "")));
    }

    @Override
    public Mono<Void> commit(Map<TopicPartition, CommittedOffset> positions) {
        return onLoop(() -> retrier.run("Committing", () -> commitNow(positions)));
    }

    @Override
    public Mono<Void> commit() {
        return onLoop(() -> retrier.run("Committing", this::commitDelivered));
    }

    @Override
    public Mono<Map<TopicPartition, CommittedOffset>> committed(Set<TopicPartition> partitions) {
        return onLoop(
                () -> retrier.run("Looking up offsets", () -> membership.committed(partitions)));
    }

    @Override
    public Set<TopicPartition> assignment() {
        return membership.assigned();
    }

    @Override
    public Mono<Void> seek(TopicPartition partition, Position position) {
        return onLoop(
                () -> {
                    ReadEngine reading = engine;
                    if (reading == null || !membership.assigned().contains(partition)) {
                        throw new IllegalStateException(partition + " is not assigned");
                    }
                    if (!reading.seek(partition, position)) {
                        sought.put(partition, position); // It is being assigned just now.
                    }
                    return CompletableFuture.completedFuture(null);
                });
    }

    @Override
    public String memberId() {
        return membership.memberId();
    }

    @Override
    public Mono<Void> close() {
        return Mono.defer(
                () -> {
                    if (closing.compareAndSet(false, true)) {
                        loop.execute(this::closeOnLoop);
                    }
                    return Mono.fromFuture(closed, true);
                });
    }

    private void closeOnLoop() {
        Stream open = stream;
        if (open == null) {
            leave();
            return;
        }
        open.complete();
    }

    /** The stream has ended: the member leaves. */
    private void leave() {
        membership
                .leave()
                .whenComplete(
                        (nothing, failure) -> {
                            if (failure != null) {
                                log.warn(
                                        "Group {} was not told that this member left: {}",
                                        options.groupId(),
                                        Failures.of(failure, "Leaving").getMessage());
                            }
                            onClosed.run();
                            closed.complete(null);
                        });
    }
}
