package io.headrace.client.consume;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchRequestData.ForgottenTopic;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The client's half of an incremental fetch session with one node (KIP-227): a request names only
 * what changed since the last. Pure; one request at a time.
 *
 * <pre>
 *   FULL (epoch 0) --answer with session id--> INCREMENTAL (epoch 1, 2, ...)
 *        ^                                          |
 *        +---- error, lost connection --------------+
 * </pre>
 */
final class FetchSession {
    private static final int NO_SESSION = 0;
    private static final int FIRST_EPOCH = 0;

    /** A partition as the node should read it. */
    record Wanted(Uuid topicId, long offset, int leaderEpoch, int maxBytes) {
        boolean hasId() {
            return !topicId.equals(Uuid.ZERO_UUID);
        }
    }

    private int sessionId = NO_SESSION;
    private int epoch = FIRST_EPOCH;
    private Map<TopicPartition, Wanted> known = new LinkedHashMap<>();
    private Map<Uuid, String> names = new HashMap<>();

    /**
     * Fills in the partitions of the next request.
     *
     * @param useIds whether the version names topics by id (13 and up)
     */
    void prepare(FetchRequestData request, Map<TopicPartition, Wanted> wanted, boolean useIds) {
        Map<String, FetchTopic> topics = new LinkedHashMap<>();
        Map<String, ForgottenTopic> forgotten = new LinkedHashMap<>();
        boolean full = epoch == FIRST_EPOCH;
        known.forEach(
                (partition, was) -> {
                    Wanted now = wanted.get(partition);
                    if (!full && (now == null || !now.topicId().equals(was.topicId()))) {
                        ForgottenTopic topic =
                                forgotten.computeIfAbsent(
                                        partition.topic() + was.topicId(),
                                        t -> forget(partition.topic(), was.topicId(), useIds));
                        topic.partitions().add(partition.partition());
                    }
                });
        wanted.forEach(
                (partition, now) -> {
                    if (full || !now.equals(known.get(partition))) {
                        topics.computeIfAbsent(
                                        partition.topic(),
                                        t -> fetch(partition.topic(), now.topicId(), useIds))
                                .partitions()
                                .add(part(partition, now));
                    }
                });
        request.setSessionId(sessionId)
                .setSessionEpoch(epoch)
                .setTopics(new ArrayList<>(topics.values()))
                .setForgottenTopicsData(new ArrayList<>(forgotten.values()));
        known = new LinkedHashMap<>(wanted);
        names = new HashMap<>();
        wanted.forEach((partition, now) -> names.put(now.topicId(), partition.topic()));
    }

    private static FetchTopic fetch(String name, Uuid id, boolean useIds) {
        return useIds ? new FetchTopic().setTopicId(id) : new FetchTopic().setTopic(name);
    }

    private static ForgottenTopic forget(String name, Uuid id, boolean useIds) {
        return useIds ? new ForgottenTopic().setTopicId(id) : new ForgottenTopic().setTopic(name);
    }

    private static FetchPartition part(TopicPartition partition, Wanted now) {
        return new FetchPartition()
                .setPartition(partition.partition())
                .setFetchOffset(now.offset())
                .setCurrentLeaderEpoch(now.leaderEpoch())
                .setLogStartOffset(-1)
                .setPartitionMaxBytes(now.maxBytes());
    }

    /** The offset that the last request asked for, or null when it did not ask. */
    @Nullable Long askedOffset(TopicPartition partition) {
        Wanted asked = known.get(partition);
        return asked == null ? null : asked.offset();
    }

    /** The topic of an id in the last request, or null. */
    @Nullable String topicName(Uuid id) {
        return names.get(id);
    }

    /**
     * Takes in an answer's session.
     *
     * @return whether the answer's partitions count; else the next request begins anew
     */
    boolean onAnswer(Errors error, int answeredSessionId) {
        if (error != Errors.NONE) {
            reset();
            return false;
        }
        if (answeredSessionId == NO_SESSION) {
            reset();
        } else {
            sessionId = answeredSessionId;
            epoch = epoch == Integer.MAX_VALUE ? 1 : epoch + 1;
        }
        return true;
    }

    /** Begins anew, as after a lost connection. */
    void reset() {
        sessionId = NO_SESSION;
        epoch = FIRST_EPOCH;
    }

    int sessionId() {
        return sessionId;
    }

    int epoch() {
        return epoch;
    }

    List<TopicPartition> partitions() {
        return List.copyOf(known.keySet());
    }
}
