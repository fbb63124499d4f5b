package io.headrace.client.produce.send;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.client.error.HeadraceException;
import io.headrace.client.produce.ProducerRecord;
import io.headrace.client.produce.RecordMetadata;
import io.headrace.client.produce.SendCallback;
import io.headrace.client.produce.send.SequenceTracker.Verdict;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CompressionCodec;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

/** Sequences of KIP-98 and their repair of KIP-360. */
class SequenceTrackerTest {
    private static final ProducerIdentity FIRST = new ProducerIdentity(7, (short) 0);
    private static final ProducerIdentity BUMPED = new ProducerIdentity(7, (short) 1);
    private static final SendCallback IGNORED =
            new SendCallback() {
                @Override
                public void onSent(RecordMetadata metadata) {}

                @Override
                public void onFailed(HeadraceException error) {}
            };

    private final SequenceTracker tracker = new SequenceTracker(true);

    private static ProduceBatch batch(int records) {
        ProduceBatch batch =
                new ProduceBatch(
                        new TopicPartition("t", 0), CompressionCodec.NONE, 1024, 65536, 1024, 0);
        for (int i = 0; i < records; i++) {
            batch.append(ProducerRecord.ofText("t", "v" + i), 1, IGNORED);
        }
        return batch;
    }

    private ProduceBatch sent(int records) {
        ProduceBatch batch = batch(records);
        tracker.add(batch, FIRST);
        batch.onSent();
        return batch;
    }

    private Verdict answer(ProduceBatch batch, Errors error) {
        batch.onReturned(false);
        return tracker.decide(batch, error, -1);
    }

    @Test
    void numbersRecordsOneAfterTheOther() {
        ProduceBatch one = sent(3);
        ProduceBatch two = sent(2);
        ProduceBatch three = sent(1);
        assertThat(one.baseSequence()).isZero();
        assertThat(two.baseSequence()).isEqualTo(3);
        assertThat(three.baseSequence()).isEqualTo(5);
        assertThat(BatchView.baseSequence(two.encoded(), 0)).isEqualTo(3);
        assertThat(BatchView.producerId(two.encoded(), 0)).isEqualTo(7);
    }

    @Test
    void theFirstBatchGoesAlone() {
        ProduceBatch one = sent(3);
        assertThat(tracker.maySendNew(5)).isFalse();
        tracker.onAcknowledged(one, 0);
        sent(2);
        sent(1);
        assertThat(tracker.maySendNew(5)).isTrue();
        assertThat(tracker.maySendNew(2)).isFalse();
    }

    @Test
    void takesADuplicateAsStored() {
        assertThat(answer(sent(1), Errors.DUPLICATE_SEQUENCE_NUMBER))
                .isEqualTo(Verdict.ACKNOWLEDGE);
    }

    @Test
    void sendsNothingNewAndOnlyTheFirstWhileOneWaits() {
        ProduceBatch one = sent(1);
        ProduceBatch two = sent(1);
        assertThat(answer(one, Errors.NOT_LEADER_OR_FOLLOWER)).isEqualTo(Verdict.RETRY);
        one.retryAt(50);
        assertThat(tracker.maySendNew(5)).isFalse();
        assertThat(tracker.nextRetry(49)).isNull();
        assertThat(tracker.retryAtMs()).isEqualTo(50);
        assertThat(tracker.nextRetry(50)).isSameAs(one);
        assertThat(answer(two, Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)).isEqualTo(Verdict.RETRY);
        one.onSent();
        assertThat(tracker.nextRetry(50)).isNull();
        answer(one, Errors.NONE);
        tracker.onAcknowledged(one, 0);
        assertThat(tracker.nextRetry(50)).isSameAs(two);
    }

    @Test
    void numbersTheRestAnewBehindAGap() {
        ProduceBatch lost = sent(2);
        ProduceBatch next = sent(2);
        ProduceBatch last = sent(1);
        answer(lost, Errors.INVALID_RECORD);
        tracker.onFailed(lost);
        assertThat(answer(next, Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)).isEqualTo(Verdict.RENUMBER);
        tracker.requireRenumbering();
        assertThat(tracker.isReadyToRenumber()).isFalse(); // The last is still in flight.
        assertThat(answer(last, Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)).isEqualTo(Verdict.RETRY);
        assertThat(tracker.isReadyToRenumber()).isTrue();
        assertThat(tracker.nextRetry(0)).isNull();

        tracker.renumber(BUMPED);

        assertThat(next.baseSequence()).isZero();
        assertThat(last.baseSequence()).isEqualTo(2);
        assertThat(BatchView.producerEpoch(last.encoded(), 0)).isEqualTo((short) 1);
        assertThat(BatchView.isCrcValid(last.encoded(), 0)).isTrue();
        assertThat(tracker.nextRetry(0)).isSameAs(next);
    }

    @Test
    void failsABatchOutOfOrderThoughNothingIsMissing() {
        ProduceBatch one = sent(1);
        answer(one, Errors.NONE);
        tracker.onAcknowledged(one, 0);
        assertThat(answer(sent(1), Errors.OUT_OF_ORDER_SEQUENCE_NUMBER))
                .isEqualTo(Verdict.FAIL_AND_RENUMBER);
    }

    @Test
    void takesAForgottenProducerAsAnewOnlyIfItsRecordsAreDeleted() {
        ProduceBatch one = sent(1);
        answer(one, Errors.NONE);
        tracker.onAcknowledged(one, 10);
        ProduceBatch two = sent(1);
        two.onReturned(false);
        assertThat(tracker.decide(two, Errors.UNKNOWN_PRODUCER_ID, 11)).isEqualTo(Verdict.RENUMBER);
        assertThat(tracker.decide(two, Errors.UNKNOWN_PRODUCER_ID, 10))
                .isEqualTo(Verdict.FAIL_AND_RENUMBER);
    }

    @Test
    void doesNotSendAgainUnderANewEpochWhatMayBeStored() {
        ProduceBatch one = sent(1);
        one.onReturned(true);
        one.onSent();
        assertThat(answer(one, Errors.INVALID_PRODUCER_EPOCH)).isEqualTo(Verdict.FAIL_AND_RENUMBER);
        tracker.onFailed(one);
        assertThat(answer(sent(1), Errors.INVALID_PRODUCER_EPOCH)).isEqualTo(Verdict.RENUMBER);
    }

    @Test
    void splitsWhatIsTooLargeInPlace() {
        ProduceBatch large = sent(5);
        ProduceBatch next = sent(1);
        assertThat(answer(large, Errors.MESSAGE_TOO_LARGE)).isEqualTo(Verdict.SPLIT);
        tracker.replace(large, large.split());
        assertThat(tracker.snapshot())
                .extracting(ProduceBatch::baseSequence)
                .containsExactly(0, 2, 5);
        assertThat(tracker.snapshot())
                .extracting(ProduceBatch::recordCount)
                .containsExactly(2, 3, 1);
        assertThat(tracker.snapshot().getLast()).isSameAs(next);
        assertThat(answer(sent(1), Errors.MESSAGE_TOO_LARGE)).isEqualTo(Verdict.FAIL);
    }

    @Test
    void adoptsANewIdentityOnlyWhenNothingIsOnItsWay() {
        ProduceBatch one = sent(2);
        ProduceBatch two = batch(1);
        tracker.add(two, BUMPED);
        assertThat(two.baseSequence()).isEqualTo(2);
        assertThat(tracker.identity()).isEqualTo(FIRST);
        tracker.onAcknowledged(one, 0);
        tracker.onAcknowledged(two, 2);
        ProduceBatch three = batch(1);
        tracker.add(three, BUMPED);
        assertThat(three.baseSequence()).isZero();
        assertThat(tracker.identity()).isEqualTo(BUMPED);
    }
}
