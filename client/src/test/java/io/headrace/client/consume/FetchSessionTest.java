package io.headrace.client.consume;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.client.consume.FetchSession.Wanted;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

import java.util.Map;

/** The client's side of KIP-227. */
class FetchSessionTest {
    private static final Uuid ID = Uuid.randomUuid();
    private static final TopicPartition P0 = new TopicPartition("t", 0);
    private static final TopicPartition P1 = new TopicPartition("t", 1);

    private final FetchSession session = new FetchSession();

    private static Wanted at(long offset) {
        return new Wanted(ID, offset, 3, 1000);
    }

    private FetchRequestData prepared(Map<TopicPartition, Wanted> wanted) {
        FetchRequestData request = new FetchRequestData();
        session.prepare(request, wanted, true);
        return request;
    }

    private static long partitions(FetchRequestData request) {
        return request.topics().stream().mapToLong(topic -> topic.partitions().size()).sum();
    }

    @Test
    void namesAllAtFirstThenWhatChanged() {
        FetchRequestData full = prepared(Map.of(P0, at(0), P1, at(0)));
        assertThat(full.sessionEpoch()).isZero();
        assertThat(partitions(full)).isEqualTo(2);
        assertThat(session.onAnswer(Errors.NONE, 99)).isTrue();

        FetchRequestData second = prepared(Map.of(P0, at(5), P1, at(0)));
        assertThat(second.sessionId()).isEqualTo(99);
        assertThat(second.sessionEpoch()).isEqualTo(1);
        assertThat(partitions(second)).isEqualTo(1);
        assertThat(second.topics().getFirst().topicId()).isEqualTo(ID);
        assertThat(second.topics().getFirst().partitions().getFirst().fetchOffset()).isEqualTo(5);
        session.onAnswer(Errors.NONE, 99);

        FetchRequestData third = prepared(Map.of(P1, at(0)));
        assertThat(third.sessionEpoch()).isEqualTo(2);
        assertThat(partitions(third)).isZero();
        assertThat(third.forgottenTopicsData()).hasSize(1);
        assertThat(third.forgottenTopicsData().getFirst().partitions()).containsExactly(0);
    }

    @Test
    void forgetsATopicThatWasMadeAnew() {
        prepared(Map.of(P0, at(0)));
        session.onAnswer(Errors.NONE, 99);
        Uuid other = Uuid.randomUuid();
        FetchRequestData request = prepared(Map.of(P0, new Wanted(other, 0, 0, 1000)));
        assertThat(request.forgottenTopicsData().getFirst().topicId()).isEqualTo(ID);
        assertThat(request.topics().getFirst().topicId()).isEqualTo(other);
        assertThat(session.topicName(other)).isEqualTo("t");
        assertThat(session.topicName(ID)).isNull();
    }

    @Test
    void beginsAnewAfterAnErrorOrALostConnection() {
        prepared(Map.of(P0, at(0)));
        session.onAnswer(Errors.NONE, 99);
        prepared(Map.of(P0, at(0)));
        assertThat(session.onAnswer(Errors.FETCH_SESSION_ID_NOT_FOUND, 0)).isFalse();
        FetchRequestData anew = prepared(Map.of(P0, at(0)));
        assertThat(anew.sessionId()).isZero();
        assertThat(anew.sessionEpoch()).isZero();
        assertThat(partitions(anew)).isEqualTo(1);
    }

    @Test
    void namesAllEachTimeWhenTheNodeKeepsNoSession() {
        prepared(Map.of(P0, at(0)));
        assertThat(session.onAnswer(Errors.NONE, 0)).isTrue();
        assertThat(partitions(prepared(Map.of(P0, at(0))))).isEqualTo(1);
    }
}
