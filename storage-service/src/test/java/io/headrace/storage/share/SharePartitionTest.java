package io.headrace.storage.share;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** What KIP-932 (with KIP-1206 and KIP-1222) says of a share partition, claim by claim. */
class SharePartitionTest {
    private static final int LOCK_MS = 1_000;
    private static final AcquireLimits MANY = new AcquireLimits(500, 500, false);

    private final List<Errors> answers = new ArrayList<>();
    private SharePartition partition = restored(settings(3, 100), List.of());

    private static ShareSettings settings(int deliveryLimit, int maxLocks) {
        return new ShareSettings(
                LOCK_MS, deliveryLimit, maxLocks, false, true, new OffsetReset.Earliest());
    }

    private static SharePartition restored(ShareSettings settings, List<StateBatch> batches) {
        SharePartition created = new SharePartition(7, settings);
        created.restore(new PersistedState(2, 0, batches), 0);
        return created;
    }

    private static FetchedBatch batch(long base, long last) {
        return new FetchedBatch(base, last, true);
    }

    private List<AcquiredRange> acquire(String member, FetchedBatch... batches) {
        return acquire(member, MANY, 0, batches);
    }

    private List<AcquiredRange> acquire(
            String member, AcquireLimits limits, long nowMs, FetchedBatch... batches) {
        return partition.acquire(
                member, partition.nextFetchOffset(), List.of(batches), limits, nowMs);
    }

    private void acknowledge(String member, long first, long last, int... types) {
        List<Byte> ids = new ArrayList<>();
        for (int type : types) {
            ids.add((byte) type);
        }
        List<AcknowledgementBatch> batches = List.of(new AcknowledgementBatch(first, last, ids));
        assertThat(AcknowledgementBatch.check(batches, true)).isEqualTo(Errors.NONE);
        partition.acknowledge(member, batches, 0, answers::add);
    }

    private StateWrite write() {
        return Objects.requireNonNull(partition.nextWrite());
    }

    @Test
    void whatIsAcquiredIsNotAcquiredByAnother() {
        assertThat(acquire("a", batch(0, 9))).containsExactly(new AcquiredRange(0, 9, 1));
        assertThat(acquire("b", batch(0, 9))).isEmpty();
        assertThat(partition.nextFetchOffset()).isEqualTo(10);
    }

    @Test
    void anAcknowledgementIsAnsweredOnlyAfterItsWrite() {
        acquire("a", batch(0, 9));
        acknowledge("a", 0, 9, 1);
        assertThat(answers).isEmpty();
        assertThat(partition.startOffset()).isZero();
        StateWrite write = write();
        assertThat(write).isEqualTo(new StateWrite(2, 7, 10, 0, List.of()));
        assertThat(partition.nextWrite()).isNull();
        partition.onWritten(Errors.NONE);
        assertThat(answers).containsExactly(Errors.NONE);
        assertThat(partition.startOffset()).isEqualTo(10);
    }

    @Test
    void whatIsDoneInTheMiddleIsWrittenAsBatches() {
        acquire("a", batch(0, 9));
        acknowledge("a", 2, 5, 1, 1, 3, 2);
        assertThat(write())
                .isEqualTo(
                        new StateWrite(
                                2,
                                7,
                                0,
                                3,
                                List.of(
                                        new StateBatch(2, 3, RecordState.ACKNOWLEDGED, 1),
                                        new StateBatch(4, 4, RecordState.ARCHIVED, 1),
                                        new StateBatch(5, 5, RecordState.AVAILABLE, 1))));
        partition.onWritten(Errors.NONE);
        assertThat(acquire("b", batch(0, 9))).containsExactly(new AcquiredRange(5, 5, 2));
    }

    @Test
    void aFailedWriteLeavesTheRecordsWithTheMember() {
        acquire("a", batch(0, 9));
        acknowledge("a", 0, 4, 1);
        write();
        partition.onWritten(Errors.COORDINATOR_NOT_AVAILABLE);
        assertThat(answers).containsExactly(Errors.COORDINATOR_NOT_AVAILABLE);
        acknowledge("a", 0, 9, 1);
        write();
        partition.onWritten(Errors.NONE);
        assertThat(answers).last().isEqualTo(Errors.NONE);
        assertThat(partition.startOffset()).isEqualTo(10);
    }

    @Test
    void afterAWriteOfUnknownOutcomeTheShardIsToldEverything() {
        acquire("a", batch(0, 9));
        acknowledge("a", 1, 1, 1);
        write();
        partition.onWritten(Errors.NONE);
        acknowledge("a", 0, 0, 1);
        assertThat(write().startOffset()).isEqualTo(2); // the shard may drop what it knew of 1
        partition.onWritten(Errors.NETWORK_EXCEPTION);
        assertThat(write())
                .isEqualTo(
                        new StateWrite(
                                2,
                                7,
                                0,
                                1,
                                List.of(new StateBatch(1, 1, RecordState.ACKNOWLEDGED, 1))));
    }

    @Test
    void aFencedWriteEndsTheCache() {
        acquire("a", batch(0, 9));
        acknowledge("a", 0, 4, 1);
        write();
        acknowledge("a", 5, 9, 1);
        partition.onWritten(Errors.FENCED_LEADER_EPOCH);
        assertThat(answers)
                .containsExactly(Errors.NOT_LEADER_OR_FOLLOWER, Errors.NOT_LEADER_OR_FOLLOWER);
        assertThat(partition.closedBy()).isEqualTo(Errors.NOT_LEADER_OR_FOLLOWER);
        acknowledge("a", 5, 9, 1);
        assertThat(answers).last().isEqualTo(Errors.NOT_LEADER_OR_FOLLOWER);
    }

    @Test
    void whoDoesNotHoldARecordCannotAcknowledgeIt() {
        acquire("a", batch(0, 9));
        acknowledge("b", 0, 0, 1);
        acknowledge("a", 0, 10, 1);
        acknowledge("a", 3, 3, 1);
        acknowledge("a", 2, 4, 1); // 3 is on its way: all of it counts, or nothing
        assertThat(answers)
                .containsExactly(
                        Errors.INVALID_RECORD_STATE,
                        Errors.INVALID_REQUEST,
                        Errors.INVALID_RECORD_STATE);
        assertThat(write().batches())
                .containsExactly(new StateBatch(3, 3, RecordState.ACKNOWLEDGED, 1));
    }

    @Test
    void anExpiredLockMakesRecordsAvailableAgain() {
        acquire("a", batch(0, 9));
        assertThat(partition.nextExpiryMs()).isEqualTo(LOCK_MS);
        assertThat(partition.expire(LOCK_MS - 1)).isFalse();
        assertThat(partition.expire(LOCK_MS)).isTrue();
        assertThat(write().batches())
                .containsExactly(new StateBatch(0, 9, RecordState.AVAILABLE, 1));
        assertThat(acquire("b", batch(0, 9))).containsExactly(new AcquiredRange(0, 9, 2));
        acknowledge("a", 0, 9, 1);
        assertThat(answers).containsExactly(Errors.INVALID_RECORD_STATE);
    }

    @Test
    void aLockDoesNotExpireWhileItsAcknowledgementIsWritten() {
        acquire("a", batch(0, 9));
        acknowledge("a", 0, 9, 1);
        assertThat(partition.expire(LOCK_MS * 2L)).isFalse();
        write();
        partition.onWritten(Errors.NONE);
        assertThat(partition.startOffset()).isEqualTo(10);
    }

    @Test
    void renewingBeginsTheLockAnew() {
        acquire("a", batch(0, 9));
        partition.acknowledge(
                "a", List.of(new AcknowledgementBatch(0, 4, List.of((byte) 4))), 600, answers::add);
        assertThat(answers).containsExactly(Errors.NONE);
        assertThat(partition.nextWrite()).isNull();
        partition.expire(LOCK_MS);
        assertThat(partition.nextFetchOffset()).isEqualTo(5);
        partition.expire(600 + LOCK_MS);
        assertThat(partition.nextFetchOffset()).isZero();
    }

    @Test
    void renewingCanBeForbidden() {
        acquire("a", batch(0, 9));
        ShareSettings s = partition.settings();
        partition.configure(
                new ShareSettings(
                        s.lockMs(),
                        s.deliveryLimit(),
                        s.maxRecordLocks(),
                        false,
                        false,
                        s.reset()));
        acknowledge("a", 0, 4, 4);
        assertThat(answers).containsExactly(Errors.INVALID_RECORD_STATE);
    }

    @Test
    void aRecordIsDeliveredAsOftenAsTheLimitSays() {
        for (int delivery = 1; delivery <= 3; delivery++) {
            assertThat(acquire("a", batch(0, 0)))
                    .containsExactly(new AcquiredRange(0, 0, delivery));
            acknowledge("a", 0, 0, 2);
            StateWrite write = write();
            partition.onWritten(Errors.NONE);
            assertThat(write.startOffset()).isEqualTo(delivery == 3 ? 1 : 0);
        }
        assertThat(partition.startOffset()).isEqualTo(1);
        assertThat(acquire("a", batch(0, 0))).isEmpty();
    }

    /** As Kafka 4.3: a record that ends its reader takes no other with it. */
    @Test
    void aLastDeliveryIsAlone() {
        for (int delivery = 1; delivery <= 2; delivery++) {
            assertThat(acquire("a", batch(0, 3)))
                    .containsExactly(new AcquiredRange(0, 3, delivery));
            partition.release("a");
        }
        assertThat(acquire("a", batch(0, 3), batch(4, 7)))
                .containsExactly(new AcquiredRange(0, 0, 3));
        assertThat(acquire("b", batch(0, 3), batch(4, 7)))
                .containsExactly(new AcquiredRange(1, 1, 3));
        partition.release("a");
        assertThat(partition.startOffset()).isEqualTo(1); // delivered too often, the others not
        assertThat(acquire("c", batch(0, 3), batch(4, 7)))
                .containsExactly(new AcquiredRange(2, 2, 3));
        assertThat(acquire("c", batch(0, 3), batch(4, 7)))
                .containsExactly(new AcquiredRange(3, 3, 3));
        assertThat(acquire("c", batch(0, 3), batch(4, 7)))
                .containsExactly(new AcquiredRange(4, 7, 1));
    }

    @Test
    void recordsThatWereDeliveredOftenAreGivenInSmallerPieces() {
        partition = restored(settings(6, 100), List.of());
        for (int delivery = 1; delivery <= 3; delivery++) {
            assertThat(acquire("a", batch(0, 15)))
                    .containsExactly(new AcquiredRange(0, 15, delivery));
            partition.release("a");
        }
        assertThat(acquire("a", batch(0, 15), batch(16, 19)))
                .containsExactly(new AcquiredRange(0, 7, 4));
        assertThat(acquire("b", batch(0, 15), batch(16, 19)))
                .containsExactly(new AcquiredRange(8, 15, 4));
        assertThat(acquire("c", batch(0, 15), batch(16, 19)))
                .containsExactly(new AcquiredRange(16, 19, 1));
        partition.release("a");
        assertThat(acquire("a", batch(0, 15))).containsExactly(new AcquiredRange(0, 4, 5));
        partition.release("a");
        assertThat(acquire("a", batch(0, 15))).containsExactly(new AcquiredRange(0, 0, 6));
    }

    @Test
    void withALimitOfTwoDeliveriesNothingIsGivenAlone() {
        partition = restored(settings(2, 100), List.of());
        for (int delivery = 1; delivery <= 2; delivery++) {
            assertThat(acquire("a", batch(0, 3)))
                    .containsExactly(new AcquiredRange(0, 3, delivery));
            partition.release("a");
        }
        assertThat(partition.startOffset()).isEqualTo(4);
    }

    @Test
    void theLimitIsTrueOfExpiredLocksToo() {
        partition = restored(settings(1, 100), List.of());
        acquire("a", batch(0, 4));
        partition.expire(LOCK_MS);
        assertThat(partition.startOffset()).isEqualTo(5);
        assertThat(write()).isEqualTo(new StateWrite(2, 7, 5, 0, List.of()));
    }

    @Test
    void aMemberThatLeavesGivesAllBack() {
        acquire("a", new AcquireLimits(5, 500, true), 0, batch(0, 9));
        acquire("b", batch(0, 9));
        assertThat(partition.release("a")).isTrue();
        assertThat(partition.nextFetchOffset()).isZero();
        assertThat(acquire("c", batch(0, 9))).containsExactly(new AcquiredRange(0, 4, 2));
        assertThat(partition.release("nobody")).isFalse();
    }

    @Test
    void whatDidNotReachAMemberIsTakenBackAndNothingElse() {
        List<AcquiredRange> arrived = acquire("a", new AcquireLimits(5, 500, true), 0, batch(0, 9));
        List<AcquiredRange> lost = acquire("a", batch(0, 9));
        assertThat(partition.takeBack("a", lost)).isTrue();
        assertThat(partition.takeBack("b", arrived)).isFalse();
        assertThat(partition.nextFetchOffset()).isEqualTo(5);
        acknowledge("a", 0, 4, 1);
        assertThat(answers).isEmpty();
        assertThat(write().startOffset()).isEqualTo(5);
    }

    @Test
    void withoutALimitOfRecordsBatchesAreGivenWhole() {
        assertThat(
                        acquire(
                                "a",
                                new AcquireLimits(3, 500, false),
                                0,
                                batch(0, 1),
                                batch(2, 9),
                                batch(10, 12)))
                .containsExactly(new AcquiredRange(0, 9, 1));
    }

    @Test
    void aStrictLimitCutsBatches() {
        AcquireLimits three = new AcquireLimits(3, 500, true);
        assertThat(acquire("a", three, 0, batch(0, 1), batch(2, 9)))
                .containsExactly(new AcquiredRange(0, 2, 1));
        assertThat(acquire("b", three, 0, batch(2, 9))).containsExactly(new AcquiredRange(3, 5, 1));
    }

    @Test
    void acquiredRangesFollowTheBatchSizeWhereBatchesAllowIt() {
        assertThat(
                        acquire(
                                "a",
                                new AcquireLimits(100, 4, false),
                                0,
                                batch(0, 1),
                                batch(2, 3),
                                batch(4, 9)))
                .containsExactly(new AcquiredRange(0, 3, 1), new AcquiredRange(4, 9, 1));
    }

    @Test
    void theWindowIsBounded() {
        partition = restored(settings(3, 5), List.of());
        assertThat(acquire("a", batch(0, 3))).hasSize(1);
        assertThat(acquire("a", batch(4, 7))).hasSize(1); // a batch is not cut
        assertThat(partition.canAcquire()).isFalse();
        assertThat(acquire("a", batch(8, 9))).isEmpty();
        acknowledge("a", 0, 3, 1);
        write();
        partition.onWritten(Errors.NONE);
        assertThat(partition.canAcquire()).isTrue();
        assertThat(acquire("a", new AcquireLimits(9, 9, true), 0, batch(8, 20)))
                .containsExactly(new AcquiredRange(8, 8, 1));
        partition.release("a");
        assertThat(partition.canAcquire()).isTrue(); // what was given before may be given again
    }

    @Test
    void whatTheLogDoesNotHoldIsPassedOver() {
        assertThat(acquire("a", batch(5, 6), new FetchedBatch(7, 7, false), batch(9, 9)))
                .containsExactly(new AcquiredRange(5, 6, 1), new AcquiredRange(9, 9, 1));
        assertThat(partition.startOffset()).isEqualTo(5);
        acknowledge("a", 5, 6, 1);
        write();
        partition.onWritten(Errors.NONE);
        assertThat(partition.startOffset()).isEqualTo(9);
    }

    @Test
    void batchesForNobodyAloneMoveTheStart() {
        assertThat(acquire("a", new FetchedBatch(0, 4, false))).isEmpty();
        assertThat(partition.startOffset()).isEqualTo(5);
        assertThat(partition.nextFetchOffset()).isEqualTo(5);
    }

    @Test
    void batchesForNobodyDoNotWidenTheWindow() {
        partition = restored(settings(3, 10), List.of());
        acquire("a", batch(0, 3));
        acquire(
                "a",
                new FetchedBatch(4, 8, false),
                new FetchedBatch(9, 14, false),
                new FetchedBatch(15, 30, false));
        assertThat(partition.endOffset()).isEqualTo(15);
        assertThat(partition.canAcquire()).isFalse();
    }

    @Test
    void whatWasNeverHeardOfIsDeliveredAfterATakeOver() {
        partition =
                restored(
                        settings(3, 100),
                        List.of(
                                new StateBatch(3, 5, RecordState.ACKNOWLEDGED, 1),
                                new StateBatch(6, 6, RecordState.AVAILABLE, 2),
                                new StateBatch(8, 8, RecordState.ARCHIVED, 1)));
        assertThat(partition.nextFetchOffset()).isZero();
        assertThat(acquire("a", batch(0, 9))).containsExactly(new AcquiredRange(0, 2, 1));
        assertThat(acquire("a", batch(0, 9))).containsExactly(new AcquiredRange(6, 6, 3));
        assertThat(acquire("a", batch(0, 9)))
                .containsExactly(new AcquiredRange(7, 7, 1), new AcquiredRange(9, 9, 1));
    }

    @Test
    void aStartThatWasNeverSetIsWrittenBeforeAnythingIsDelivered() {
        partition = new SharePartition(7, settings(3, 100));
        partition.restore(new PersistedState(2, -1, List.of()), 40);
        assertThat(partition.canAcquire()).isFalse();
        assertThat(write()).isEqualTo(new StateWrite(2, 7, 40, 0, List.of()));
        partition.onWritten(Errors.NONE);
        assertThat(acquire("a", batch(38, 41))).containsExactly(new AcquiredRange(40, 41, 1));
    }

    @Test
    void theLogsStartTakesRecordsAway() {
        acquire("a", batch(0, 9));
        partition.onLogStart(5);
        assertThat(partition.startOffset()).isEqualTo(5);
        acknowledge("a", 0, 9, 1);
        write();
        partition.onWritten(Errors.NONE);
        assertThat(answers).containsExactly(Errors.NONE);
        partition.onLogStart(50);
        assertThat(partition.nextFetchOffset()).isEqualTo(50);
        acknowledge("a", 10, 20, 1); // gone: nothing to be wrong about
        assertThat(answers).containsExactly(Errors.NONE, Errors.NONE);
    }

    @Test
    void aLogThatLostRecordsIsFollowed() {
        acquire("a", batch(0, 9));
        partition.onLogEnd(6);
        assertThat(partition.nextFetchOffset()).isEqualTo(6);
        acknowledge("a", 0, 9, 1);
        assertThat(answers).containsExactly(Errors.INVALID_REQUEST);
    }

    @Test
    void writesOfTheSameTimeGoTogether() {
        acquire("a", batch(0, 3), batch(4, 7));
        acknowledge("a", 0, 3, 1);
        StateWrite first = write();
        acknowledge("a", 4, 4, 1);
        acknowledge("a", 5, 5, 2);
        assertThat(first.startOffset()).isEqualTo(4);
        partition.onWritten(Errors.NONE);
        assertThat(write())
                .isEqualTo(
                        new StateWrite(
                                2,
                                7,
                                5,
                                0,
                                List.of(new StateBatch(5, 5, RecordState.AVAILABLE, 1))));
        partition.onWritten(Errors.NONE);
        assertThat(answers).containsExactly(Errors.NONE, Errors.NONE, Errors.NONE);
    }

    @Test
    void wrongAcknowledgementsAreRefusedBeforeTheyAreLookedAt() {
        assertThat(check(true, ack(0, 1, 1, 1), ack(1, 2, 1))).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(check(true, ack(1, 0, 1))).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(check(true, ack(0, 2, 1, 1))).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(check(true, ack(0, 2))).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(check(true, ack(0, 2, 5))).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(check(true, ack(-1, 2, 1))).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(check(true, ack(0, Long.MAX_VALUE, 1))).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(check(false, ack(0, 0, 4))).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(check(true, ack(0, 1, 1, 4), ack(2, 2, 0))).isEqualTo(Errors.NONE);
    }

    private static Errors check(boolean renews, AcknowledgementBatch... batches) {
        return AcknowledgementBatch.check(List.of(batches), renews);
    }

    private static AcknowledgementBatch ack(long first, long last, int... types) {
        List<Byte> ids = new ArrayList<>();
        for (int type : types) {
            ids.add((byte) type);
        }
        return new AcknowledgementBatch(first, last, ids);
    }
}
