package io.headrace.storage.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchRequestData.ForgottenTopic;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Claims of KIP-227. */
class FetchSessionsTest {
    private static final Uuid TOPIC = new Uuid(1, 2);
    private final FetchSessions sessions =
            new FetchSessions(1, 2, 2, 100, 1_000, new SplittableRandom(1));

    private static FetchRequestData request(int sessionId, int epoch, int... partitions) {
        List<FetchPartition> asked = new ArrayList<>();
        for (int partition : partitions) {
            asked.add(new FetchPartition().setPartition(partition).setFetchOffset(7));
        }
        return new FetchRequestData()
                .setSessionId(sessionId)
                .setSessionEpoch(epoch)
                .setTopics(
                        asked.isEmpty()
                                ? List.of()
                                : List.of(new FetchTopic().setTopicId(TOPIC).setPartitions(asked)));
    }

    @Test
    void aSessionKeepsThePartitionsAndCountsItsEpochs() {
        var first = sessions.open(request(0, 0, 0, 1), true, false, 0);
        assertThat(first.sessionId()).isPositive();
        assertThat(FetchSessions.loopOf(first.sessionId(), 2)).isEqualTo(1);
        var second = sessions.open(request(first.sessionId(), 1), true, false, 1);
        assertThat(second.incremental()).isTrue();
        assertThat(second.targets()).hasSize(2);
        FetchRequestData forget =
                request(first.sessionId(), 2, 2)
                        .setForgottenTopicsData(
                                List.of(
                                        new ForgottenTopic()
                                                .setTopicId(TOPIC)
                                                .setPartitions(List.of(0))));
        assertThat(sessions.open(forget, true, false, 2).targets())
                .extracting(target -> target.key().partition())
                .containsExactly(1, 2);
        assertThat(sessions.open(request(first.sessionId(), 2), true, false, 3).error())
                .isEqualTo(Errors.INVALID_FETCH_SESSION_EPOCH);
        assertThat(sessions.open(request(first.sessionId(), 3), false, false, 3).error())
                .isEqualTo(Errors.FETCH_SESSION_TOPIC_ID_ERROR);
        sessions.open(request(first.sessionId(), -1), true, false, 4);
        assertThat(sessions.open(request(first.sessionId(), 3), true, false, 5).error())
                .isEqualTo(Errors.FETCH_SESSION_ID_NOT_FOUND);
    }

    @Test
    void aFullCacheEvictsOnlyWhatWasLongUnused() {
        sessions.open(request(0, 0, 0), true, false, 0);
        sessions.open(request(0, 0, 0), true, false, 500);
        assertThat(sessions.open(request(0, 0, 0), true, false, 600).sessionId()).isZero();
        assertThat(sessions.open(request(0, 0, 0), true, false, 1_100).sessionId()).isPositive();
        assertThat(sessions.size()).isEqualTo(2);
    }
}
