package io.headrace.storage.fetch;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchRequestData.ForgottenTopic;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * The fetch sessions that one loop owns; a session's id tells its loop. Bounded: when full, the
 * session unused longest makes room if it was unused long enough, else the client gets none and
 * repeats all partitions each time. Confined to its loop.
 */
final class FetchSessions {
    static final int FINAL_EPOCH = -1;
    static final int INITIAL_EPOCH = 0;

    private final int loopIndex;
    private final int loopCount;
    private final int maxSessions;
    private final int maxPartitions;
    private final long evictAfterMs;
    private final RandomGenerator random;
    private final LinkedHashMap<Integer, FetchSession> sessions =
            new LinkedHashMap<>(16, 0.75f, true);
    private int partitionCount;
    private int turn;

    FetchSessions(
            int loopIndex,
            int loopCount,
            int maxSessions,
            int maxPartitions,
            long evictAfterMs,
            RandomGenerator random) {
        this.loopIndex = loopIndex;
        this.loopCount = loopCount;
        this.maxSessions = maxSessions;
        this.maxPartitions = maxPartitions;
        this.evictAfterMs = evictAfterMs;
        this.random = random;
    }

    /** The index of the loop that owns a session. */
    static int loopOf(int sessionId, int loopCount) {
        return Math.floorMod(sessionId, loopCount);
    }

    /**
     * What a fetch is about.
     *
     * @param session the session, or null for a fetch without one
     * @param incremental whether only news are answered
     */
    record Opened(
            Errors error,
            @Nullable FetchSession session,
            List<FetchTarget> targets,
            boolean incremental) {
        private static Opened failed(Errors error) {
            return new Opened(error, null, List.of(), false);
        }

        int sessionId() {
            FetchSession current = session;
            return current == null ? 0 : current.sessionId();
        }
    }

    Opened open(FetchRequestData request, boolean usesTopicIds, boolean isReplica, long nowMs) {
        int epoch = request.sessionEpoch();
        if (epoch == FINAL_EPOCH || epoch == INITIAL_EPOCH) {
            remove(request.sessionId());
            Map<FetchTarget.Key, FetchTarget> targets = new LinkedHashMap<>();
            addTargets(request, targets, isReplica);
            FetchSession created =
                    epoch == INITIAL_EPOCH
                            ? maybeCreate(targets, usesTopicIds, isReplica, nowMs)
                            : null;
            List<FetchTarget> asked =
                    created == null ? inTurn(targets.values()) : created.snapshot();
            return new Opened(Errors.NONE, created, asked, false);
        }
        FetchSession session = sessions.get(request.sessionId());
        if (session == null) {
            return Opened.failed(Errors.FETCH_SESSION_ID_NOT_FOUND);
        }
        if (session.nextEpoch() != epoch) {
            return Opened.failed(Errors.INVALID_FETCH_SESSION_EPOCH);
        }
        if (session.usesTopicIds() != usesTopicIds) {
            return Opened.failed(Errors.FETCH_SESSION_TOPIC_ID_ERROR);
        }
        partitionCount -= session.targets().size();
        addTargets(request, session.targets(), isReplica);
        forget(request, session);
        partitionCount += session.targets().size();
        session.advance(nowMs);
        return new Opened(Errors.NONE, session, session.snapshot(), true);
    }

    /** A session has an order of its own; without one, those named last would starve. */
    private List<FetchTarget> inTurn(Collection<FetchTarget> targets) {
        List<FetchTarget> all = new ArrayList<>(targets);
        if (!all.isEmpty()) {
            turn = (turn + 1) & Integer.MAX_VALUE;
            Collections.rotate(all, turn % all.size());
        }
        return all;
    }

    /** The session if it still lives. */
    @Nullable FetchSession find(int sessionId) {
        return sessions.get(sessionId);
    }

    int size() {
        return sessions.size();
    }

    private void remove(int sessionId) {
        FetchSession removed = sessions.remove(sessionId);
        if (removed != null) {
            partitionCount -= removed.targets().size();
        }
    }

    /** Replicas always get a session; a consumer only where one is free or long unused. */
    private @Nullable FetchSession maybeCreate(
            Map<FetchTarget.Key, FetchTarget> targets,
            boolean usesTopicIds,
            boolean isReplica,
            long nowMs) {
        if (targets.isEmpty()) {
            return null;
        }
        while (sessions.size() >= maxSessions || partitionCount + targets.size() > maxPartitions) {
            Iterator<FetchSession> oldest = sessions.values().iterator();
            if (!oldest.hasNext()) {
                if (isReplica) {
                    break;
                }
                return null;
            }
            FetchSession candidate = oldest.next();
            if (!isReplica && nowMs - candidate.lastUsedMs() < evictAfterMs) {
                return null;
            }
            remove(candidate.sessionId());
        }
        FetchSession created = new FetchSession(newId(), usesTopicIds, nowMs);
        created.targets().putAll(targets);
        sessions.put(created.sessionId(), created);
        partitionCount += targets.size();
        return created;
    }

    private int newId() {
        int id;
        do {
            int drawn = random.nextInt(1, Integer.MAX_VALUE / loopCount);
            id = drawn * loopCount + loopIndex;
        } while (id <= 0 || sessions.containsKey(id));
        return id;
    }

    private static void addTargets(
            FetchRequestData request, Map<FetchTarget.Key, FetchTarget> into, boolean isReplica) {
        for (FetchTopic topic : request.topics()) {
            for (FetchPartition asked : topic.partitions()) {
                FetchTarget.Key key = key(topic.topic(), topic.topicId(), asked.partition());
                FetchTarget known = into.get(key);
                if (known == null) {
                    into.put(key, new FetchTarget(key, asked, isReplica));
                } else {
                    known.update(asked, isReplica);
                }
            }
        }
    }

    private static void forget(FetchRequestData request, FetchSession session) {
        for (ForgottenTopic topic : request.forgottenTopicsData()) {
            for (int partition : topic.partitions()) {
                session.targets().remove(key(topic.topic(), topic.topicId(), partition));
            }
        }
    }

    private static FetchTarget.Key key(@Nullable String topic, Uuid topicId, int partition) {
        return new FetchTarget.Key(topic == null ? "" : topic, topicId, partition);
    }
}
