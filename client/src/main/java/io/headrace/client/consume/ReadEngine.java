package io.headrace.client.consume;

import io.headrace.client.connection.Backoff;
import io.headrace.client.connection.Connections;
import io.headrace.client.connection.Failures;
import io.headrace.client.connection.NodeConnection;
import io.headrace.client.consume.ReadBuffer.Buffered;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.error.ServerErrorException;
import io.headrace.client.metadata.ClusterView;
import io.headrace.client.metadata.ClusterView.NodeView;
import io.headrace.client.metadata.ClusterView.PartitionView;
import io.headrace.client.metadata.ClusterView.TopicView;
import io.headrace.client.metadata.Metadata;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.FetchableTopicResponse;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Fetches a changing set of partitions from their leaders into a bounded buffer: one request at a
 * time to each node, none while the buffer is full. Confined to its loop.
 */
public final class ReadEngine {
    private static final short LAST_VERSION_WITH_NAMES = 12;

    private final Connections connections;
    private final Metadata metadata;
    private final OffsetLookup offsets;
    private final Loop loop;
    private final ReadOptions options;
    private final String lane;
    private final Backoff backoff;
    private final Listener listener;

    private final Map<TopicPartition, Reading> readings = new LinkedHashMap<>();
    private final Map<Integer, NodeFetch> nodes = new HashMap<>();
    private final ReadBuffer buffer;
    private boolean refreshing;
    private boolean closed;

    /** Told, on the loop, what happens. */
    public interface Listener {
        /** There is something to {@link #poll}, or a reading has ended. */
        void onAvailable();

        /** Reading cannot go on. */
        void onFailure(HeadraceException failure);
    }

    private static final class NodeFetch {
        private final FetchSession session = new FetchSession();
        private boolean inFlight;
        private int failures;
    }

    public ReadEngine(
            Connections connections,
            Metadata metadata,
            OffsetLookup offsets,
            Loop loop,
            ReadOptions options,
            String lane,
            Listener listener) {
        this.connections = connections;
        this.metadata = metadata;
        this.offsets = offsets;
        this.loop = loop;
        this.options = options;
        this.lane = lane;
        this.listener = listener;
        this.buffer = new ReadBuffer(options);
        this.backoff =
                new Backoff(
                        connections.options().retryBackoff(),
                        connections.options().retryBackoffMax());
    }

    public Loop loop() {
        return loop;
    }

    /** Reads these partitions too; those that are read already go on where they are. */
    public void add(Map<TopicPartition, Position> positions) {
        positions.forEach(
                (partition, position) ->
                        readings.computeIfAbsent(partition, p -> new Reading(p, position)));
        run();
    }

    /** Stops reading these partitions; what is buffered of them is dropped. */
    public void remove(Collection<TopicPartition> partitions) {
        for (TopicPartition partition : partitions) {
            Reading reading = readings.remove(partition);
            if (reading != null) {
                reading.removed = true;
            }
        }
        buffer.dropStale();
        run();
    }

    /**
     * Goes on at another place.
     *
     * @return whether the partition is read at all
     */
    public boolean seek(TopicPartition partition, Position position) {
        Reading reading = readings.get(partition);
        if (reading == null) {
            return false;
        }
        reading.goTo(position);
        buffer.dropStale();
        run();
        return true;
    }

    /** The partitions that are read. */
    public Collection<Reading> readings() {
        return List.copyOf(readings.values());
    }

    /** The next answer, or null; {@link #consumed} must follow. */
    @Nullable Buffered poll() {
        boolean wasFull = buffer.isFull();
        Buffered next = buffer.poll();
        if (wasFull && !buffer.isFull()) {
            loop.execute(this::run);
        }
        return next;
    }

    /** An answer has been handed out. */
    void consumed(Buffered answer) {
        boolean wasFull = buffer.isFull();
        buffer.release(answer);
        if (answer.isCurrent() && answer.reading().isDelivered()) {
            finish(answer.reading());
        }
        if (wasFull && !buffer.isFull()) {
            loop.execute(this::run);
        }
    }

    private void finish(Reading reading) {
        readings.remove(reading.partition);
        reading.removed = true;
        listener.onAvailable();
    }

    /** Stops all and closes the connections of its lane. */
    public void close() {
        closed = true;
        readings.values().forEach(reading -> reading.removed = true);
        readings.clear();
        buffer.clear();
        connections.closeLane(lane);
    }

    private void run() {
        if (closed) {
            return;
        }
        resolve();
        if (buffer.isFull()) {
            return;
        }
        ClusterView view = metadata.view();
        Map<NodeView, Map<TopicPartition, FetchSession.Wanted>> plan = new HashMap<>();
        boolean stale = false;
        for (Reading reading : readings.values()) {
            if (reading.unresolved == null && !reading.waiting) {
                NodeView node = source(reading, view);
                TopicView topic = view.topics().get(reading.partition.topic());
                PartitionView partition = view.partition(reading.partition);
                if (node == null || topic == null || partition == null) {
                    stale = true;
                } else if (reading.isWithinEnd()) {
                    plan.computeIfAbsent(node, n -> new LinkedHashMap<>())
                            .put(reading.partition, wanted(reading, topic, partition));
                }
            }
        }
        if (stale) {
            refresh();
        }
        plan.forEach(this::fetch);
    }

    private FetchSession.Wanted wanted(Reading reading, TopicView topic, PartitionView partition) {
        return new FetchSession.Wanted(
                topic.topicId(),
                reading.fetchOffset,
                partition.leaderEpoch(),
                options.maxPartitionBytes());
    }

    private static @Nullable NodeView source(Reading reading, ClusterView view) {
        NodeView replica = view.nodes().get(reading.replicaId);
        return replica != null ? replica : view.leader(reading.partition);
    }

    private void resolve() {
        Map<TopicPartition, Position> asked = new HashMap<>();
        Map<TopicPartition, Integer> generations = new HashMap<>();
        for (Reading reading : readings.values()) {
            Position position = reading.unresolved;
            if (position != null && !reading.resolving && !reading.waiting) {
                reading.resolving = true;
                asked.put(reading.partition, position);
                generations.put(reading.partition, reading.generation);
            }
        }
        if (asked.isEmpty()) {
            return;
        }
        var starts = offsets.find(asked, options.isolation());
        Map<TopicPartition, Position> ends = new HashMap<>();
        if (options.stopAtEnd()) {
            asked.keySet().forEach(partition -> ends.put(partition, Position.latest()));
        }
        starts.thenCombineAsync(
                        offsets.find(ends, options.isolation()),
                        (start, end) -> {
                            for (TopicPartition partition : asked.keySet()) {
                                Reading reading = readings.get(partition);
                                Integer generation = generations.get(partition);
                                if (reading != null
                                        && generation != null
                                        && reading.generation == generation) {
                                    HeadraceException failure = start.failures().get(partition);
                                    failure =
                                            failure != null
                                                    ? failure
                                                    : end.failures().get(partition);
                                    onResolved(
                                            reading,
                                            start.values().get(partition),
                                            end.values().get(partition),
                                            failure);
                                }
                            }
                            run();
                            return true;
                        },
                        loop)
                .exceptionally(
                        failure -> {
                            loop.run(() -> fail(Failures.of(failure, "Looking up offsets")));
                            return false;
                        });
    }

    private void onResolved(
            Reading reading,
            @Nullable FoundOffset start,
            @Nullable FoundOffset end,
            @Nullable HeadraceException failure) {
        reading.resolving = false;
        if (start == null || failure != null) {
            HeadraceException known =
                    failure != null ? failure : Failures.closed(reading.partition.toString());
            if (known.retriable()) {
                pause(reading);
            } else {
                fail(known);
            }
            return;
        }
        reading.resolved(start.offset(), end);
        if (!reading.isWithinEnd()) {
            finish(reading);
        }
    }

    private void fetch(NodeView node, Map<TopicPartition, FetchSession.Wanted> wanted) {
        NodeFetch fetch = nodes.computeIfAbsent(node.id(), id -> new NodeFetch());
        if (fetch.inFlight) {
            return;
        }
        fetch.inFlight = true;
        Duration timeout = connections.options().requestTimeout().plus(options.maxWait());
        connections
                .get(node.address(), lane)
                .thenComposeAsync(
                        connection -> {
                            short version = version(connection, wanted.values());
                            FetchRequestData request =
                                    new FetchRequestData()
                                            .setMaxWaitMs((int) options.maxWait().toMillis())
                                            .setMinBytes(options.minBytes())
                                            .setMaxBytes(options.maxBytes())
                                            .setIsolationLevel(options.isolation().code())
                                            .setRackId(options.rackId());
                            fetch.session.prepare(
                                    request, wanted, version > LAST_VERSION_WITH_NAMES);
                            return connection.call(
                                    ApiKeys.FETCH,
                                    version,
                                    request,
                                    FetchResponseData.class,
                                    timeout);
                        },
                        loop)
                .whenCompleteAsync(
                        (answer, failure) -> {
                            fetch.inFlight = false;
                            onAnswer(fetch, wanted, answer, failure);
                        },
                        loop);
    }

    private static short version(
            NodeConnection connection, Collection<FetchSession.Wanted> wanted) {
        return wanted.stream().allMatch(FetchSession.Wanted::hasId)
                ? connection.ranges().version(ApiKeys.FETCH)
                : connection.ranges().version(ApiKeys.FETCH, LAST_VERSION_WITH_NAMES);
    }

    private void onAnswer(
            NodeFetch fetch,
            Map<TopicPartition, FetchSession.Wanted> wanted,
            @Nullable FetchResponseData answer,
            @Nullable Throwable failure) {
        if (closed) {
            return;
        }
        if (answer == null || failure != null) {
            fetch.session.reset();
            HeadraceException known =
                    Failures.of(failure == null ? new Error() : failure, "Fetching");
            if (!known.retriable()) {
                fail(known);
                return;
            }
            fetch.failures++;
            fetch.inFlight = true; // The pause holds the node's turn.
            loop.schedule(
                    () -> {
                        fetch.inFlight = false;
                        run();
                    },
                    backoff.delayMs(fetch.failures));
            wanted.keySet().forEach(this::readFromLeader);
            refresh();
            return;
        }
        fetch.failures = 0;
        Errors error = Errors.forCode(answer.errorCode());
        if (fetch.session.onAnswer(error, answer.sessionId())) {
            for (FetchableTopicResponse topic : answer.responses()) {
                String name =
                        topic.topic().isEmpty()
                                ? fetch.session.topicName(topic.topicId())
                                : topic.topic();
                if (name != null) {
                    for (PartitionData part : topic.partitions()) {
                        var partition = new TopicPartition(name, part.partitionIndex());
                        onPartition(partition, wanted.get(partition), part);
                    }
                }
            }
            listener.onAvailable();
        } else if (error != Errors.FETCH_SESSION_ID_NOT_FOUND
                && error != Errors.INVALID_FETCH_SESSION_EPOCH) {
            refresh();
        }
        run();
    }

    private void readFromLeader(TopicPartition partition) {
        Reading reading = readings.get(partition);
        if (reading != null) {
            reading.replicaId = -1;
        }
    }

    private void onPartition(
            TopicPartition partition, FetchSession.@Nullable Wanted asked, PartitionData part) {
        Reading reading = readings.get(partition);
        if (reading == null
                || asked == null
                || reading.unresolved != null
                || reading.fetchOffset != asked.offset()) {
            return; // It was removed or moved while the request was on its way.
        }
        Errors error = Errors.forCode(part.errorCode());
        switch (error) {
            case NONE -> onData(reading, part);
            case OFFSET_OUT_OF_RANGE -> onOutOfRange(reading);
            case NOT_LEADER_OR_FOLLOWER,
                    FENCED_LEADER_EPOCH,
                    UNKNOWN_LEADER_EPOCH,
                    UNKNOWN_TOPIC_OR_PARTITION,
                    UNKNOWN_TOPIC_ID,
                    INCONSISTENT_TOPIC_ID,
                    KAFKA_STORAGE_ERROR,
                    REPLICA_NOT_AVAILABLE,
                    LEADER_NOT_AVAILABLE -> {
                reading.replicaId = -1;
                refresh();
                pause(reading);
            }
            case OFFSET_NOT_AVAILABLE, UNKNOWN_SERVER_ERROR -> pause(reading);
            default -> fail(ServerErrorException.of(error, "Reading " + partition, null));
        }
    }

    private void onData(Reading reading, PartitionData part) {
        reading.failures = 0;
        if (part.preferredReadReplica() >= 0) {
            reading.replicaId = part.preferredReadReplica();
        }
        FetchedBatches answer =
                FetchAnswers.of(reading.partition, reading.fetchOffset, options.isolation(), part);
        if (answer.sizeInBytes() == 0) {
            return;
        }
        try {
            FetchAnswers.Extent extent = FetchAnswers.extent(answer);
            if (extent.nextOffset() > reading.fetchOffset) {
                buffer.add(new Buffered(reading, reading.generation, answer, extent.records()));
                reading.fetchOffset = extent.nextOffset();
            }
        } catch (CorruptBatchException e) {
            fail(Failures.of(e, "Reading " + reading.partition + " at " + reading.fetchOffset));
        }
    }

    private void onOutOfRange(Reading reading) {
        if (reading.replicaId >= 0) {
            reading.replicaId = -1; // The follower may be behind; the leader decides.
            return;
        }
        switch (options.outOfRange()) {
            case EARLIEST -> reading.unresolved = Position.earliest();
            case LATEST -> reading.unresolved = Position.latest();
            case FAIL ->
                    fail(
                            ServerErrorException.of(
                                    Errors.OFFSET_OUT_OF_RANGE,
                                    "Reading " + reading.partition,
                                    "offset " + reading.fetchOffset + " is not in the log"));
        }
    }

    /** Leaves a partition alone for a while. */
    private void pause(Reading reading) {
        reading.waiting = true;
        reading.failures++;
        loop.schedule(
                () -> {
                    reading.waiting = false;
                    run();
                },
                backoff.delayMs(reading.failures));
    }

    private void refresh() {
        if (refreshing || closed) {
            return;
        }
        refreshing = true;
        Set<String> topics = new HashSet<>();
        readings.keySet().forEach(partition -> topics.add(partition.topic()));
        metadata.lookUp(topics)
                .whenCompleteAsync(
                        (view, failure) -> {
                            refreshing = false;
                            loop.schedule(this::run, backoff.delayMs(1));
                        },
                        loop);
    }

    private void fail(HeadraceException failure) {
        if (!closed) {
            close();
            listener.onFailure(failure);
        }
    }
}
