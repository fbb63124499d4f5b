package io.headrace.storage.producer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.ControlMarker;
import io.headrace.storage.segment.AbortedTransactionEntry;

import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.TransactionCoordinatorFencedException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/** One test per claim of KIP-98, KIP-360 and KIP-854 about producers in a log. */
final class ProducerStatesSpecTest {
    private final ProducerIds ids = new ProducerIds(2);
    private final ProducerStates states = new ProducerStates(ids, "orders-0");
    private long nextOffset;

    private static ByteBuffer batch(
            long producerId, int epoch, int sequence, boolean transactional, int records) {
        BatchBuilder builder =
                BatchBuilder.growing().producer(producerId, (short) epoch, sequence, transactional);
        for (int i = 0; i < records; i++) {
            builder.append(1, new byte[] {1}, new byte[] {2}, List.of());
        }
        return builder.build();
    }

    private @Nullable AbortedTransactionEntry apply(ByteBuffer batch) {
        BatchView.setBaseOffset(batch, 0, nextOffset);
        nextOffset = BatchView.nextOffset(batch, 0);
        return states.apply(batch, 0, 1000);
    }

    private void produce(long producerId, int epoch, int sequence, int records) {
        ByteBuffer batch = batch(producerId, epoch, sequence, false, records);
        assertThat(states.check(batch, 0, -1)).isEqualTo(ProducerStates.NOT_A_DUPLICATE);
        apply(batch);
    }

    private long check(long producerId, int epoch, int sequence, int records) {
        return states.check(batch(producerId, epoch, sequence, false, records), 0, -1);
    }

    private @Nullable AbortedTransactionEntry end(
            ControlMarker.Type type, long producerId, int epoch, int coordinatorEpoch) {
        return apply(
                BatchBuilder.endOfTransaction(
                        new ControlMarker(type, coordinatorEpoch), producerId, (short) epoch, 1));
    }

    @Test
    void kip98TheNextSequenceIsAccepted() {
        produce(1, 0, 0, 5);
        produce(1, 0, 5, 1);
    }

    @Test
    void kip98AGapInSequencesIsOutOfOrder() {
        produce(1, 0, 0, 5);
        assertThatThrownBy(() -> check(1, 0, 6, 1)).isInstanceOf(OutOfOrderSequenceException.class);
    }

    @Test
    void kip98ARetryOfAnyOfTheLastFiveBatchesIsADuplicateWithItsOffset() {
        for (int i = 0; i < 6; i++) {
            produce(1, 0, i * 2, 2);
        }
        for (int i = 1; i < 6; i++) {
            assertThat(check(1, 0, i * 2, 2)).isEqualTo(i * 2L);
        }
    }

    @Test
    void kip98ARetryOlderThanFiveBatchesIsNeverAppended() {
        for (int i = 0; i < 6; i++) {
            produce(1, 0, i * 2, 2);
        }
        assertThatThrownBy(() -> check(1, 0, 0, 2)).isInstanceOf(OutOfOrderSequenceException.class);
    }

    @Test
    void kip98ABatchWithAnotherLengthIsNoRetry() {
        produce(1, 0, 0, 5);
        assertThatThrownBy(() -> check(1, 0, 0, 4)).isInstanceOf(OutOfOrderSequenceException.class);
    }

    @Test
    void kip98SequencesWrapToZero() {
        produce(1, 0, Integer.MAX_VALUE - 1, 2);
        produce(1, 0, 0, 3);
        assertThat(check(1, 0, 0, 3)).isEqualTo(2);
    }

    @Test
    void kip98AnOlderEpochIsFenced() {
        produce(1, 5, 0, 1);
        assertThatThrownBy(() -> check(1, 4, 1, 1))
                .isInstanceOf(InvalidProducerEpochException.class);
    }

    @Test
    void kip98ANewEpochBeginsWithSequenceZero() {
        produce(1, 0, 0, 3);
        assertThatThrownBy(() -> check(1, 1, 3, 1)).isInstanceOf(OutOfOrderSequenceException.class);
        produce(1, 1, 0, 1);
    }

    @Test
    void kip360AnUnknownProducerMayBeginWithAnySequence() {
        produce(1, 0, 4711, 1);
        produce(1, 0, 4712, 1);
    }

    @Test
    void kip98AfterAMarkerTheSameEpochContinuesItsSequence() {
        apply(batch(1, 0, 0, true, 2));
        end(ControlMarker.Type.COMMIT, 1, 0, 0);
        assertThat(states.check(batch(1, 0, 2, true, 1), 0, -1))
                .isEqualTo(ProducerStates.NOT_A_DUPLICATE);
    }

    @Test
    void kip98AnOpenTransactionRefusesOtherWritesOfItsProducer() {
        apply(batch(1, 0, 0, true, 2));
        assertThatThrownBy(() -> check(1, 0, 2, 1)).isInstanceOf(InvalidTxnStateException.class);
    }

    @Test
    void kip98TheOldestOpenTransactionIsUnstable() {
        apply(batch(1, 0, 0, true, 2));
        apply(batch(2, 0, 0, true, 2));
        assertThat(states.firstUnstableOffset()).isZero();
        end(ControlMarker.Type.COMMIT, 1, 0, 0);
        assertThat(states.firstUnstableOffset()).isZero();
        states.onHighWatermark(5);
        assertThat(states.firstUnstableOffset()).isEqualTo(2);
    }

    @Test
    void kip98AnAbortNamesTheTransactionAndTheStableOffsetItLeaves() {
        apply(batch(1, 0, 0, true, 2));
        apply(batch(2, 0, 0, true, 2));
        assertThat(end(ControlMarker.Type.ABORT, 2, 0, 0))
                .isEqualTo(new AbortedTransactionEntry(2, 2, 4, 0));
        assertThat(end(ControlMarker.Type.ABORT, 1, 0, 0))
                .isEqualTo(new AbortedTransactionEntry(1, 0, 5, 6));
        assertThat(end(ControlMarker.Type.COMMIT, 1, 0, 0)).isNull();
    }

    @Test
    void kip98AnOlderCoordinatorsMarkerIsFenced() {
        apply(batch(1, 0, 0, true, 2));
        end(ControlMarker.Type.COMMIT, 1, 0, 7);
        ByteBuffer marker =
                BatchBuilder.endOfTransaction(
                        new ControlMarker(ControlMarker.Type.ABORT, 6), 1, (short) 0, 1);
        assertThatThrownBy(() -> states.checkMarker(marker, 0))
                .isInstanceOf(TransactionCoordinatorFencedException.class);
    }

    @Test
    void kip890AMarkerWithTheEpochOfTheOpenTransactionEndedTheOneBefore() {
        apply(batch(1, 0, 0, true, 1));
        states.checkRaisedEpoch(1, (short) 1);
        end(ControlMarker.Type.COMMIT, 1, 1, 0);
        states.checkRaisedEpoch(1, (short) 1); // again, and nothing is open
        apply(batch(1, 1, 0, true, 1));
        assertThat(states.isTransactionOpen(1, (short) 1)).isTrue();
        assertThat(states.isTransactionOpen(1, (short) 0)).isFalse();
        assertThatThrownBy(() -> states.checkRaisedEpoch(1, (short) 1))
                .isInstanceOf(InvalidProducerEpochException.class);
        states.checkRaisedEpoch(1, (short) 2);
    }

    @Test
    void kip854ASilentProducerExpiresUnlessItsTransactionIsOpen() {
        produce(1, 0, 0, 1);
        apply(batch(2, 0, 0, true, 1));
        states.expire(1000);
        assertThat(states.count()).isEqualTo(2);
        states.expire(1001);
        assertThat(states.describe()).extracting(ProducerState::producerId).containsExactly(2L);
        assertThat(ids.count()).isEqualTo(1);
    }

    @Test
    void atTheBoundNewIdsAreRefusedAndLiveOnesGoOn() {
        produce(1, 0, 0, 1);
        produce(2, 0, 0, 1);
        assertThatThrownBy(() -> check(3, 0, 0, 1)).isInstanceOf(PolicyViolationException.class);
        produce(1, 0, 1, 1);
    }

    @Test
    void aSnapshotRestoresTheState() {
        produce(1, 3, 0, 5);
        apply(batch(2, 0, 0, true, 2));
        ProducerStates restored = new ProducerStates(new ProducerIds(9), "orders-0");
        assertThat(restored.load(states.toSnapshot())).isTrue();
        assertThat(restored.describe()).containsExactlyInAnyOrderElementsOf(states.describe());
        assertThat(restored.firstUnstableOffset()).isEqualTo(5);
        assertThat(restored.check(batch(1, 3, 0, false, 5), 0, -1)).isZero();
    }

    @Test
    void afterARestartARetryOfAnyOfTheLastFiveBatchesIsADuplicate() {
        for (int i = 0; i < 7; i++) {
            produce(1, 0, i * 2, 2);
        }
        produce(2, 0, 0, 1);
        ProducerStates restored = new ProducerStates(new ProducerIds(9), "orders-0");
        assertThat(restored.load(states.toSnapshot())).isTrue();
        for (int i = 2; i < 7; i++) {
            assertThat(restored.check(batch(1, 0, i * 2, false, 2), 0, -1)).isEqualTo(i * 2L);
        }
        assertThat(restored.check(batch(2, 0, 0, false, 1), 0, -1)).isEqualTo(14);
        assertThat(restored.check(batch(1, 0, 14, false, 2), 0, -1))
                .isEqualTo(ProducerStates.NOT_A_DUPLICATE);
        assertThatThrownBy(() -> restored.check(batch(1, 0, 2, false, 2), 0, -1))
                .isInstanceOf(OutOfOrderSequenceException.class);
    }

    @Test
    void aSnapshotOfKafkaHasOnlyTheLastBatchOfEachProducer() {
        produce(1, 0, 0, 2);
        produce(1, 0, 2, 2);
        byte[] ours = states.toSnapshot();
        ByteBuffer kafkas = ByteBuffer.wrap(Arrays.copyOf(ours, 10 + 46));
        CRC32C crc = new CRC32C();
        crc.update(kafkas.slice(6, kafkas.capacity() - 6));
        kafkas.putInt(2, (int) crc.getValue());
        ProducerStates restored = new ProducerStates(new ProducerIds(9), "orders-0");
        assertThat(restored.load(kafkas.array())).isTrue();
        assertThat(restored.check(batch(1, 0, 2, false, 2), 0, -1)).isEqualTo(2);
        assertThatThrownBy(() -> restored.check(batch(1, 0, 0, false, 2), 0, -1))
                .isInstanceOf(OutOfOrderSequenceException.class);
    }

    @Test
    void aClockThatJumpsMakesNobodySilent() {
        produce(1, 0, 0, 1);
        states.onClockJump(86_400_000);
        states.expire(1000 + 86_400_000);
        assertThat(states.count()).isEqualTo(1);
        states.expire(1001 + 86_400_000);
        assertThat(states.count()).isZero();
    }

    @Test
    void aDamagedSnapshotIsRefusedWhateverByteIsWrong() {
        produce(1, 3, 0, 5);
        byte[] snapshot = states.toSnapshot();
        for (int i = 0; i < snapshot.length; i++) {
            byte[] damaged = snapshot.clone();
            damaged[i] ^= 0x40;
            assertThat(new ProducerStates(new ProducerIds(9), "x").load(damaged)).isFalse();
        }
    }
}
