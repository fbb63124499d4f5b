package io.headrace.storage.fetcher;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.PrivateFields;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.storage.partition.FetchedData;
import io.headrace.storage.partition.FollowPoint;
import io.headrace.storage.partition.Partition;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchRequestData.ForgottenTopic;
import org.apache.kafka.common.message.FetchRequestData.ReplicaState;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.FetchableTopicResponse;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * The fetch loop between the partitions of one loop and one leader. Confined to that loop.
 *
 * <pre>
 *   fetch:   one at a time, waits at the leader for records; the next goes out with its answer
 *   report:  when a flush completes while a fetch waits, or another partition is to be fetched:
 *            tells the flushed offsets and the new partitions, asks for nothing, and so has the
 *            leader answer the waiting fetch at once; one at a time
 * </pre>
 */
final class LeaderFetcher {
    private static final Logger LOG = LoggerFactory.getLogger(LeaderFetcher.class);
    private static final ApiSchema FETCH = ApiCatalog.get(ApiKeys.FETCH);
    private static final short VERSION = 17;
    private static final long FIRST_PAUSE_MS = 20;
    private static final long LONGEST_PAUSE_MS = 500;

    private final int leaderId;
    private final Loop loop;
    private final FetcherSettings settings;
    private final LeaderLink link;
    private final FollowerThrottle throttle;
    private final BooleanSupplier leaving;
    private final Map<Key, Followed> followed = new LinkedHashMap<>();
    private final Set<Followed> changed = new LinkedHashSet<>();
    private final Set<Key> toForget = new LinkedHashSet<>();
    private int sessionId;
    private int nextSessionEpoch;
    private long fetchCount;
    private long reportCount;
    private long sessionCount;
    private boolean withoutSessions;
    private boolean fetching;
    private boolean reporting;
    private boolean pumpQueued;
    private boolean pausing;
    private long pauseMs;
    private boolean closed;

    private record Key(Uuid topicId, int partition) {
        static Key of(Partition partition) {
            return new Key(partition.id().topicId(), partition.id().partition());
        }
    }

    LeaderFetcher(
            int leaderId,
            Loop loop,
            FetcherSettings settings,
            LeaderLink link,
            FollowerThrottle throttle,
            BooleanSupplier leaving) {
        this.leaderId = leaderId;
        this.loop = loop;
        this.settings = settings;
        this.link = link;
        this.throttle = throttle;
        this.leaving = leaving;
    }

    void follow(Partition partition) {
        Key key = Key.of(partition);
        Followed known =
                followed.put(key, new Followed(partition, fetchCount + 1, reportCount + 1));
        if (known != null) {
            changed.remove(known);
        }
        changed.add(followed.get(key));
        queuePump();
    }

    void unfollow(Partition partition) {
        Key key = Key.of(partition);
        Followed known = followed.remove(key);
        if (known != null) {
            changed.remove(known);
            if (known.told() != null) {
                toForget.add(key);
            }
        }
    }

    void onProgress(Partition partition) {
        Followed known = followed.get(Key.of(partition));
        if (known != null) {
            known.onMoved(fetchCount + 1);
            changed.add(known);
            queuePump();
        }
    }

    void close() {
        closed = true;
        link.reset();
    }

    /** Sends what is to be sent once the loop has done what it is at. */
    private void queuePump() {
        if (!pumpQueued && !pausing) {
            pumpQueued = true;
            loop.execute(
                    () -> {
                        pumpQueued = false;
                        pump();
                    });
        }
    }

    private void pump() {
        if (closed || pausing) {
            return;
        }
        if (followed.isEmpty()) {
            if (!fetching) {
                endSession();
                link.reset();
            }
        } else if (!fetching) {
            sendFetch();
        } else if (!reporting && sessionId > 0) {
            sendReport();
        }
    }

    // Requests.

    private FetchRequestData request() {
        FetchRequestData request =
                new FetchRequestData()
                        .setReplicaState(
                                new ReplicaState()
                                        .setReplicaId(settings.nodeId())
                                        .setReplicaEpoch(settings.nodeEpoch().getAsLong()))
                        .setSessionId(sessionId)
                        .setSessionEpoch(nextSessionEpoch);
        if (leaving.getAsBoolean()) {
            PrivateFields.addInt(request, PrivateFields.LEAVING, 1);
        }
        return request;
    }

    private void sendFetch() {
        boolean isFull = sessionId == 0;
        Map<Uuid, FetchTopic> asked = new LinkedHashMap<>();
        for (Followed each : isFull ? followed.values() : changed) {
            FollowPoint point = each.point();
            if (point != null && !point.equals(each.told())) {
                add(asked, each, point);
            } else if (point == null && each.told() != null) {
                toForget.add(Key.of(each.partition()));
                each.forget();
            }
        }
        changed.clear();
        if (asked.isEmpty() && (isFull || nothingTold())) {
            endSession();
            return; // until a partition goes on
        }
        // Nothing can be reported before there is a session: one begins without waiting for
        // records.
        boolean waits = !isFull || withoutSessions;
        FetchRequestData request =
                request()
                        .setMaxWaitMs(waits ? (int) settings.maxWait().toMillis() : 0)
                        .setMinBytes(1)
                        .setMaxBytes(settings.maxBytes())
                        .setTopics(new ArrayList<>(asked.values()));
        if (!isFull) {
            request.setForgottenTopicsData(forgotten());
        }
        toForget.clear();
        fetching = true;
        long fetch = ++fetchCount;
        send(request, (answer, failure) -> onFetched(fetch, isFull, answer, failure));
    }

    private boolean nothingTold() {
        for (Followed each : followed.values()) {
            if (each.told() != null) {
                return false;
            }
        }
        return true;
    }

    /**
     * Tells flushed offsets that the leader does not know yet, and partitions new to the session.
     */
    private void sendReport() {
        Map<Uuid, FetchTopic> asked = new LinkedHashMap<>();
        for (Followed each : changed) {
            FollowPoint point = each.point();
            FollowPoint told = each.told();
            if (point == null) {
                continue;
            }
            if (told == null || point.flushedOffset() > told.flushedOffset()) {
                add(asked, each, point);
            }
        }
        if (asked.isEmpty()) {
            return;
        }
        FetchRequestData request =
                request()
                        .setMaxWaitMs(0)
                        .setMinBytes(0)
                        .setMaxBytes(0)
                        .setTopics(new ArrayList<>(asked.values()));
        reporting = true;
        long report = ++reportCount;
        send(request, (answer, failure) -> onReported(report, answer, failure));
    }

    private void add(Map<Uuid, FetchTopic> asked, Followed each, FollowPoint point) {
        Key key = Key.of(each.partition());
        toForget.remove(key);
        asked.computeIfAbsent(
                        key.topicId(),
                        id ->
                                new FetchTopic()
                                        .setTopicId(id)
                                        .setPartitions(new ArrayList<FetchPartition>()))
                .partitions()
                .add(each.tell(point, settings.maxPartitionBytes()));
    }

    private List<ForgottenTopic> forgotten() {
        Map<Uuid, ForgottenTopic> topics = new HashMap<>();
        for (Key key : toForget) {
            topics.computeIfAbsent(
                            key.topicId(),
                            id ->
                                    new ForgottenTopic()
                                            .setTopicId(id)
                                            .setPartitions(new ArrayList<Integer>()))
                    .partitions()
                    .add(key.partition());
        }
        return new ArrayList<>(topics.values());
    }

    /** Takes an answer, or why there is none. */
    private interface Answered {
        void accept(@Nullable FetchResponseData answer, @Nullable Throwable failure);
    }

    private void send(FetchRequestData request, Answered answered) {
        if (request.sessionEpoch() > 0) {
            nextSessionEpoch = nextSessionEpoch == Integer.MAX_VALUE ? 1 : nextSessionEpoch + 1;
        }
        long session = sessionCount;
        link.channel()
                .thenCompose(
                        channel ->
                                channel.call(
                                        FETCH,
                                        VERSION,
                                        request,
                                        FetchResponseData.class,
                                        settings.answerWithin()))
                .whenComplete(
                        (answer, failure) ->
                                loop.execute(
                                        () -> {
                                            if (session == sessionCount && !closed) {
                                                answered.accept(answer, failure);
                                            }
                                        }));
    }

    // Answers.

    private void onReported(
            long report, @Nullable FetchResponseData answer, @Nullable Throwable failure) {
        reporting = false;
        if (answer == null || answer.errorCode() != Errors.NONE.code()) {
            giveUp(answer, failure);
            return;
        }
        takeReported(report, answer);
        pump();
    }

    /** Only what the leader tells of itself: the next fetch is answered with the rest. */
    private void takeReported(long report, FetchResponseData answer) {
        for (FetchableTopicResponse topic : answer.responses()) {
            for (PartitionData data : topic.partitions()) {
                Followed each = followed.get(new Key(topic.topicId(), data.partitionIndex()));
                FollowPoint told = each == null ? null : each.told();
                boolean good =
                        data.errorCode() == Errors.NONE.code()
                                && data.divergingEpoch().endOffset() < 0;
                if (each != null && told != null && each.countsReport(report) && good) {
                    take(each, told, data.setRecords(RecordsField.empty()));
                }
            }
        }
    }

    private void onFetched(
            long fetch,
            boolean isFull,
            @Nullable FetchResponseData answer,
            @Nullable Throwable failure) {
        fetching = false;
        if (answer == null || answer.errorCode() != Errors.NONE.code()) {
            giveUp(answer, failure);
            return;
        }
        pauseMs = 0;
        if (isFull) {
            sessionId = answer.sessionId();
            nextSessionEpoch = sessionId > 0 ? 1 : 0;
            withoutSessions = sessionId == 0;
        }
        takeAll(fetch, answer);
        pump();
    }

    /** The connection or the session is no good: begins anew after a pause. */
    private void giveUp(@Nullable FetchResponseData answer, @Nullable Throwable failure) {
        if (failure == null && answer != null) {
            LOG.debug("Leader {}: {}", leaderId, Errors.forCode(answer.errorCode()));
        } else {
            LOG.debug("No fetch from leader {}", leaderId, failure);
            link.reset();
        }
        endSession();
        pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, 2 * pauseMs));
        pausing = true;
        loop.schedule(
                () -> {
                    pausing = false;
                    pump();
                },
                pauseMs);
    }

    private void endSession() {
        sessionId = 0;
        nextSessionEpoch = 0;
        sessionCount++;
        fetching = false;
        reporting = false;
        toForget.clear();
        followed.values().forEach(Followed::forget);
    }

    private void takeAll(long fetch, FetchResponseData answer) {
        for (FetchableTopicResponse topic : answer.responses()) {
            for (PartitionData data : topic.partitions()) {
                Followed each = followed.get(new Key(topic.topicId(), data.partitionIndex()));
                FollowPoint told = each == null ? null : each.told();
                if (each != null && told != null && each.counts(fetch)) {
                    take(each, told, data);
                }
            }
        }
    }

    private void take(Followed each, FollowPoint told, PartitionData data) {
        Partition partition = each.partition();
        Errors error = Errors.forCode(data.errorCode());
        boolean good =
                switch (error) {
                    case NONE -> {
                        if (data.divergingEpoch().endOffset() >= 0) {
                            partition
                                    .follower()
                                    .onDiverged(
                                            told.leaderEpoch(),
                                            data.divergingEpoch().epoch(),
                                            data.divergingEpoch().endOffset());
                            yield true;
                        }
                        yield partition.follower().take(fetched(partition, told, data));
                    }
                    case OFFSET_OUT_OF_RANGE ->
                            partition
                                    .follower()
                                    .onOutOfRange(told.leaderEpoch(), data.logStartOffset());
                    default -> false;
                };
        if (!good) {
            LOG.debug("{} from leader {}: {}", partition.id(), leaderId, error);
            pause(each);
        } else {
            each.onGoodAnswer();
            ByteBuffer records = RecordsField.bytes(data.records());
            int bytes = records == null ? 0 : records.remaining();
            long waitMs = bytes == 0 ? 0 : throttle.pauseMsAfter(partition.id(), bytes);
            if (waitMs > 0) {
                each.hold();
                goOnAfter(each, waitMs);
            }
        }
        if (!told.equals(each.point())) {
            changed.add(each);
        }
    }

    /** Records count only if the log still ends where they were asked for. */
    private static FetchedData fetched(Partition partition, FollowPoint told, PartitionData data) {
        ByteBuffer records = RecordsField.bytes(data.records());
        FollowPoint now = partition.follower().point();
        boolean fits = now != null && now.fetchOffset() == told.fetchOffset();
        return new FetchedData(
                told.leaderEpoch(),
                records == null || !fits ? ByteBuffer.allocate(0) : records,
                data.highWatermark(),
                data.logStartOffset(),
                PrivateFields.getInt(data, PrivateFields.LEADER_CHECK, -1));
    }

    private void pause(Followed each) {
        goOnAfter(each, each.pause());
    }

    private void goOnAfter(Followed each, long waitMs) {
        changed.add(each);
        loop.schedule(
                () -> {
                    each.goOn();
                    if (followed.get(Key.of(each.partition())) == each) {
                        changed.add(each);
                        queuePump();
                    }
                },
                waitMs);
    }
}
