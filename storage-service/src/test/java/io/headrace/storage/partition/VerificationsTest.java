package io.headrace.storage.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.storage.partition.Verifications.Ticket;

import org.junit.jupiter.api.Test;

import java.util.Objects;

/** KIP-890: a marker makes the answers to earlier questions worthless. */
class VerificationsTest {
    private final Verifications verifications = new Verifications();

    private Ticket begin(long producerId, int epoch, int sequence) {
        return Objects.requireNonNull(verifications.begin(producerId, (short) epoch, sequence));
    }

    @Test
    void aMarkerVoidsTheQuestionsOfItsProducerOnly() {
        Ticket first = begin(1, 0, 0);
        Ticket second = begin(2, 0, 0);
        verifications.onMarker(1);
        assertThat(first.isValid()).isFalse();
        assertThat(second.isValid()).isTrue();
        assertThat(begin(1, 0, 0).isValid()).isTrue();
    }

    @Test
    void anotherLeaderAsksAnew() {
        Ticket ticket = begin(1, 0, 0);
        verifications.clear();
        assertThat(ticket.isValid()).isFalse();
    }

    @Test
    void theLowestSequenceIsRememberedUntilTheTransactionBegins() {
        Ticket first = begin(1, 0, 0);
        Ticket second = begin(1, 0, 5);
        verifications.end(first); // refused
        assertThat(second.lowestSequence()).isZero();
        verifications.end(second);
        assertThat(begin(1, 0, 5).lowestSequence()).isZero();
        assertThat(begin(1, 1, 5).lowestSequence()).isEqualTo(5);
    }

    @Test
    void aTransactionThatBeganIsForgotten() {
        Ticket ticket = begin(1, 0, 0);
        verifications.end(ticket);
        verifications.onBegun(1);
        assertThat(begin(1, 0, 7).lowestSequence()).isEqualTo(7);
    }

    @Test
    void questionsAreBounded() {
        for (int producer = 0; producer < 10_000; producer++) {
            begin(producer, 0, 0);
        }
        assertThat(verifications.begin(10_000, (short) 0, 0)).isNull();
        verifications.onMarker(5);
        assertThat(verifications.begin(10_000, (short) 0, 0)).isNotNull();
    }
}
