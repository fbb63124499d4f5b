package io.headrace.storage.fetch;

import io.headrace.protocol.codec.RecordsField;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.FetchableTopicResponse;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A fetch as it is answered: what its client is to be told, and the records. */
final class FetchAnswer {
    private FetchAnswer() {}

    private record TopicKey(String name, Uuid topicId) {}

    /**
     * Takes the records out of the entries. On the loop of the session.
     *
     * @param release who is told when what was read from disk is sent
     */
    static FetchResponseData of(
            FetchService service,
            FetchSessions.Opened opened,
            List<FetchEntry> entries,
            ColdRelease release) {
        Map<TopicKey, FetchableTopicResponse> topics = new LinkedHashMap<>();
        List<FetchTarget.Key> answered = new ArrayList<>();
        FetchSession session = opened.session();
        for (FetchEntry entry : entries) {
            RecordsField records = entry.takeRecords(release);
            int size = records.sizeInBytes();
            FetchTarget.Key key = entry.target().key();
            if (size > 0) {
                answered.add(key);
                if (entry.isThrottled()) {
                    service.leaderThrottle().onSent(size);
                }
            }
            Errors error = entry.result().error();
            service.metrics().onFetched(size, error != Errors.NONE);
            if (isTold(session, opened.incremental(), entry, size)) {
                topics.computeIfAbsent(
                                new TopicKey(key.topic(), key.topicId()),
                                topic ->
                                        new FetchableTopicResponse()
                                                .setTopic(topic.name())
                                                .setTopicId(topic.topicId()))
                        .partitions()
                        .add(PartitionAnswer.of(entry, records));
            }
        }
        if (session != null) {
            session.rotate(answered);
        }
        return new FetchResponseData()
                .setSessionId(opened.sessionId())
                .setResponses(new ArrayList<>(topics.values()));
    }

    private static boolean isTold(
            @Nullable FetchSession session, boolean onlyNews, FetchEntry entry, int size) {
        FetchTarget kept = session == null ? null : session.targets().get(entry.target().key());
        if (kept == null) {
            return true;
        }
        boolean news =
                size > 0
                        || entry.result().divergingEpoch() != null
                        || entry.result().preferredReplica() >= 0;
        boolean told =
                kept.toBeTold(
                        news,
                        entry.result().error() != Errors.NONE,
                        entry.result().highWatermark(),
                        entry.result().logStartOffset(),
                        entry.leaderCheck());
        return told || !onlyNews;
    }
}
