package io.headrace.coordinator.transaction;

import static io.headrace.coordinator.transaction.TransactionHarness.ID;
import static io.headrace.coordinator.transaction.TransactionHarness.ORDERS;
import static io.headrace.coordinator.transaction.TransactionHarness.init;
import static io.headrace.coordinator.transaction.TransactionHarness.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.coordinator.transaction.TransactionHarness.Session;
import io.headrace.coordinator.transaction.TransactionTask.WriteMarkers;

import org.apache.kafka.common.message.AddPartitionsToTxnResponseData;
import org.apache.kafka.common.message.DescribeTransactionsRequestData;
import org.apache.kafka.common.message.DescribeTransactionsResponseData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.ListTransactionsRequestData;
import org.apache.kafka.common.message.ListTransactionsResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What KIP-98, KIP-360 and KIP-890 say of the transaction coordinator. */
class TransactionSpecTest {
    private final TransactionHarness shard = new TransactionHarness();

    private static Errors errorOf(InitProducerIdResponseData answer) {
        return Errors.forCode(answer.errorCode());
    }

    private static InitProducerIdRequestData initAs(Session session) {
        return init().setProducerId(session.producerId()).setProducerEpoch(session.producerEpoch());
    }

    private void completeMarkers() {
        shard.answerMarkers(Errors.NONE);
    }

    // KIP-98: sessions and fencing.

    @Test
    void aNewProducerGetsAnIdAndEachNextOneTheNextEpoch() {
        Session first = shard.begin();
        Session second = shard.begin();
        assertThat(first.producerEpoch()).isZero();
        assertThat(second.producerId()).isEqualTo(first.producerId());
        assertThat(second.producerEpoch()).isEqualTo((short) 1);
    }

    @Test
    void theOlderProducerIsFenced() {
        Session older = shard.begin();
        Session newer = shard.begin();
        assertThat(shard.add(older, 0)).isEqualTo(Errors.PRODUCER_FENCED);
        assertThat(shard.verify(older, 0)).isEqualTo(Errors.PRODUCER_FENCED);
        assertThat(shard.endError(older, true, 5)).isEqualTo(Errors.PRODUCER_FENCED);
        assertThat(errorOf(shard.init(initAs(older)))).isEqualTo(Errors.PRODUCER_FENCED);
        assertThat(shard.add(newer, 0)).isEqualTo(Errors.NONE);
    }

    @Test
    void aNewProducerWaitsUntilTheOpenTransactionIsAborted() {
        Session older = shard.begin();
        shard.add(older, 0, 1);
        long asked = shard.send(init(), 5);
        assertThat(shard.isAnswered(asked)).isFalse();
        WriteMarkers markers = shard.markers().getFirst();
        assertThat(markers.commit()).isFalse();
        assertThat(markers.producerEpoch()).isGreaterThan(older.producerEpoch());
        assertThat(markers.partitions()).hasSize(2);
        completeMarkers();
        Session newer = session(shard.answer(asked, InitProducerIdResponseData.class));
        assertThat(newer.producerEpoch()).isGreaterThan(markers.producerEpoch());
        assertThat(shard.endError(older, true, 5)).isEqualTo(Errors.PRODUCER_FENCED);
    }

    @Test
    void anOlderSessionDoesNotAbortTheTransactionOfANewerOne() {
        Session older = shard.begin();
        Session newer = shard.begin();
        shard.add(newer, 0);
        assertThat(errorOf(shard.init(initAs(older)))).isEqualTo(Errors.PRODUCER_FENCED);
        assertThat(shard.state(ID).status()).isEqualTo(TransactionStatus.ONGOING);
    }

    @Test
    void aNewProducerDoesNotWaitForEver() {
        Session older = shard.begin();
        shard.add(older, 0);
        long asked = shard.send(init(), 5);
        shard.pass(TransactionProperties.defaults().holdMs());
        assertThat(errorOf(shard.answer(asked, InitProducerIdResponseData.class)))
                .isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
    }

    @Test
    void requestsThatCannotBeAreRefused() {
        assertThat(errorOf(shard.init(init().setTransactionalId(""))))
                .isEqualTo(Errors.INVALID_REQUEST);
        assertThat(errorOf(shard.init(init().setTransactionTimeoutMs(0))))
                .isEqualTo(Errors.INVALID_TRANSACTION_TIMEOUT);
        assertThat(errorOf(shard.init(init().setTransactionTimeoutMs(Integer.MAX_VALUE))))
                .isEqualTo(Errors.INVALID_TRANSACTION_TIMEOUT);
        assertThat(errorOf(shard.init(init().setProducerId(5)))).isEqualTo(Errors.INVALID_REQUEST);
        Session nobody = new Session(77, (short) 0);
        assertThat(shard.add(nobody, 0)).isEqualTo(Errors.INVALID_PRODUCER_ID_MAPPING);
        assertThat(shard.endError(nobody, true, 5)).isEqualTo(Errors.INVALID_PRODUCER_ID_MAPPING);
        Session known = shard.begin();
        assertThat(shard.add(known, 99)).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        assertThat(shard.endError(known, true, 5)).isEqualTo(Errors.INVALID_TXN_STATE);
    }

    @Test
    void withoutProducerIdsAProducerIsToldToTryAgain() {
        shard.refuseProducerIds(true);
        assertThat(errorOf(shard.init(init()))).isEqualTo(Errors.COORDINATOR_LOAD_IN_PROGRESS);
        shard.refuseProducerIds(false);
        shard.begin();
    }

    // KIP-360: a session is repeated and continued.

    @Test
    void theSameQuestionGetsTheSameAnswer() {
        Session first = shard.begin();
        Session second = session(shard.init(initAs(first)));
        assertThat(session(shard.init(initAs(first)))).isEqualTo(second);
        Session another = shard.begin();
        assertThat(another.producerEpoch()).isGreaterThan(second.producerEpoch());
        assertThat(errorOf(shard.init(initAs(first)))).isEqualTo(Errors.PRODUCER_FENCED);
    }

    @Test
    void whenEpochsRunOutTheProducerGetsAnotherId() {
        Session session = shard.begin();
        long firstId = session.producerId();
        for (int i = 0; i < TransactionState.LAST_EPOCH; i++) {
            session = shard.begin();
        }
        assertThat(session.producerEpoch()).isEqualTo(TransactionState.LAST_EPOCH);
        Session rotated = session(shard.init(initAs(session)));
        assertThat(rotated.producerId()).isNotEqualTo(firstId);
        assertThat(rotated.producerEpoch()).isZero();
        assertThat(session(shard.init(initAs(session)))).isEqualTo(rotated);
    }

    @Test
    void whenEpochsRunOutWithinATransactionItsEndNamesAnotherId() {
        Session session = shard.begin();
        for (int i = 0; i < TransactionState.LAST_EPOCH; i++) {
            session = shard.begin();
        }
        shard.add(session, 0);
        Session next = shard.endWell(session, true);
        assertThat(next.producerId()).isNotEqualTo(session.producerId());
        assertThat(next.producerEpoch()).isZero();
        assertThat(shard.markers().getFirst().producerId()).isEqualTo(session.producerId());
        long adding = shard.send(TransactionHarness.adding(next, false, 1), 5);
        assertThat(shard.isAnswered(adding)).isFalse();
        completeMarkers();
        assertThat(shard.isAnswered(adding)).isTrue();
        assertThat(shard.state(ID).producerId()).isEqualTo(next.producerId());
        assertThat(shard.endWell(next, true).producerEpoch()).isEqualTo((short) 1);
    }

    @Test
    void anEndWhoseAnswerWasLostIsAnsweredAgainAfterTheIdsChanged() {
        Session session = shard.begin();
        for (int i = 0; i < TransactionState.LAST_EPOCH; i++) {
            session = shard.begin();
        }
        shard.add(session, 0);
        Session next = shard.endWell(session, true);
        assertThat(shard.endWell(session, true)).isEqualTo(next);
        completeMarkers();
        assertThat(shard.endWell(session, true)).isEqualTo(next);
        assertThat(shard.endError(session, false, 5)).isEqualTo(Errors.INVALID_TXN_STATE);
    }

    // KIP-890: an epoch for each transaction.

    @Test
    void everyEndRaisesTheEpochAndItsMarkersCarryIt() {
        Session first = shard.begin();
        shard.add(first, 0);
        Session second = shard.endWell(first, true);
        assertThat(second.producerEpoch()).isEqualTo((short) (first.producerEpoch() + 1));
        WriteMarkers markers = shard.markers().getFirst();
        assertThat(markers.producerEpoch()).isEqualTo(second.producerEpoch());
        assertThat(markers.transactionVersion()).isEqualTo((short) 2);
    }

    @Test
    void aDelayedEndNeverDecidesALaterTransaction() {
        Session first = shard.begin();
        shard.add(first, 0);
        Session second = shard.endWell(first, true);
        completeMarkers();
        shard.add(second, 1);
        // The end of the first transaction, sent twice, comes again now.
        assertThat(shard.endError(first, true, 5)).isEqualTo(Errors.PRODUCER_FENCED);
        assertThat(shard.endError(first, false, 5)).isEqualTo(Errors.PRODUCER_FENCED);
        assertThat(shard.state(ID).status()).isEqualTo(TransactionStatus.ONGOING);
        shard.restart();
        assertThat(shard.endError(first, false, 5)).isEqualTo(Errors.PRODUCER_FENCED);
        Session third = shard.endWell(second, false);
        assertThat(shard.endError(first, false, 5)).isEqualTo(Errors.PRODUCER_FENCED);
        completeMarkers();
        assertThat(shard.endError(first, false, 5)).isEqualTo(Errors.PRODUCER_FENCED);
        assertThat(shard.endWell(second, false)).isEqualTo(third);
    }

    @Test
    void anEndWhoseAnswerWasLostIsAnsweredAgain() {
        Session first = shard.begin();
        shard.add(first, 0);
        Session second = shard.endWell(first, true);
        assertThat(shard.endWell(first, true)).isEqualTo(second);
        completeMarkers();
        shard.restart();
        assertThat(shard.endWell(first, true)).isEqualTo(second);
        assertThat(shard.endError(first, false, 5)).isEqualTo(Errors.INVALID_TXN_STATE);
    }

    @Test
    void aTransactionWithoutPartitionsMayBeAborted() {
        Session first = shard.begin();
        Session second = shard.endWell(first, false);
        assertThat(second.producerEpoch()).isGreaterThan(first.producerEpoch());
        assertThat(shard.markers()).isEmpty();
        assertThat(shard.state(ID).status()).isEqualTo(TransactionStatus.COMPLETE_ABORT);
        assertThat(shard.endError(second, true, 5)).isEqualTo(Errors.INVALID_TXN_STATE);
    }

    @Test
    void partitionsAreAddedOnlyAfterTheMarkersOfTheTransactionBefore() {
        Session first = shard.begin();
        shard.add(first, 0);
        Session second = shard.endWell(first, true);
        long adding = shard.send(TransactionHarness.adding(second, false, 0), 5);
        assertThat(shard.isAnswered(adding)).isFalse();
        completeMarkers();
        assertThat(
                        TransactionHarness.errorOf(
                                shard.answer(adding, AddPartitionsToTxnResponseData.class)))
                .isEqualTo(Errors.NONE);
        assertThat(shard.state(ID).status()).isEqualTo(TransactionStatus.ONGOING);
    }

    @Test
    void verificationTellsWhetherAPartitionBelongsToTheOpenTransaction() {
        Session session = shard.begin();
        assertThat(shard.verify(session, 0)).isEqualTo(Errors.TRANSACTION_ABORTABLE);
        assertThat(shard.addAsBefore(session, 0)).isEqualTo(Errors.NONE);
        assertThat(shard.verify(session, 0)).isEqualTo(Errors.NONE);
        assertThat(shard.verify(session, 1)).isEqualTo(Errors.TRANSACTION_ABORTABLE);
        assertThat(shard.endError(session, true, 4)).isEqualTo(Errors.NONE);
        assertThat(shard.verify(session, 0)).isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
        completeMarkers();
        assertThat(shard.verify(session, 0)).isEqualTo(Errors.TRANSACTION_ABORTABLE);
    }

    // Producers of before.

    @Test
    void aProducerOfBeforeKeepsItsEpoch() {
        Session session = shard.begin();
        for (boolean commit : new boolean[] {true, false, true}) {
            assertThat(shard.addAsBefore(session, 3)).isEqualTo(Errors.NONE);
            assertThat(shard.addOffsets(session, "group")).isEqualTo(Errors.NONE);
            assertThat(shard.endError(session, commit, 4)).isEqualTo(Errors.NONE);
            assertThat(shard.endError(session, commit, 4)).isEqualTo(Errors.NONE);
            assertThat(shard.endError(session, !commit, 4)).isEqualTo(Errors.INVALID_TXN_STATE);
            WriteMarkers markers = shard.markers().getFirst();
            assertThat(markers.producerEpoch()).isEqualTo(session.producerEpoch());
            assertThat(markers.commit()).isEqualTo(commit);
            assertThat(markers.partitions()).hasSize(2);
            completeMarkers();
        }
    }

    @Test
    void clientsThatDoNotKnowBeingFencedAreToldOfTheirEpoch() {
        Session older = shard.begin();
        shard.begin();
        assertThat(shard.endError(older, true, 1)).isEqualTo(Errors.INVALID_PRODUCER_EPOCH);
        assertThat(shard.endError(older, true, 2)).isEqualTo(Errors.PRODUCER_FENCED);
    }

    // Timeouts, markers, expiry, owners.

    @Test
    void aTransactionThatTakesTooLongIsAbortedAndItsProducerFenced() {
        Session session = shard.begin();
        shard.add(session, 0);
        shard.pass(59_999);
        assertThat(shard.markers()).isEmpty();
        shard.pass(1);
        assertThat(shard.markers()).hasSize(1);
        assertThat(shard.markers().getFirst().commit()).isFalse();
        completeMarkers();
        assertThat(shard.endError(session, true, 5)).isNotEqualTo(Errors.NONE);
        assertThat(shard.state(ID).status()).isEqualTo(TransactionStatus.COMPLETE_ABORT);
        assertThat(shard.begin().producerEpoch())
                .isGreaterThan((short) (session.producerEpoch() + 1));
    }

    @Test
    void theTimeRunsOnUnderANewOwner() {
        Session session = shard.begin();
        shard.add(session, 0);
        shard.pass(30_000);
        shard.restart();
        shard.pass(30_000);
        assertThat(shard.state(ID).status()).isEqualTo(TransactionStatus.PREPARE_ABORT);
    }

    @Test
    void anOwnerWhoseClockIsADayBehindWaitsNoLongerThanTheTransactionMayTake() {
        Session session = shard.begin();
        shard.add(session, 0);
        shard.goBack(86_400_000);
        shard.restart();
        shard.pass(60_000);
        assertThat(shard.state(ID).status()).isEqualTo(TransactionStatus.PREPARE_ABORT);
    }

    @Test
    void markersAreWrittenUntilEveryPartitionHasThem() {
        Session session = shard.begin();
        shard.add(session, 0, 1);
        shard.endWell(session, true);
        WriteMarkers first = shard.markers().getFirst();
        Map<TransactionPartition, Errors> mixed = new HashMap<>();
        for (TransactionPartition partition : first.partitions()) {
            mixed.put(
                    partition,
                    partition.partition() == 0 ? Errors.NONE : Errors.NOT_LEADER_OR_FOLLOWER);
        }
        shard.answerMarkers(first, mixed);
        assertThat(shard.markers()).isEmpty();
        shard.pass(TransactionProperties.defaults().markerRetryMinMs());
        WriteMarkers second = shard.markers().getFirst();
        assertThat(second.partitions())
                .containsExactly(new TransactionPartition("orders", ORDERS, 1));
        shard.answerMarkers(Errors.NETWORK_EXCEPTION);
        shard.restart(); // a new owner does not know of the one that was answered
        assertThat(shard.markers().getFirst().partitions()).hasSize(2);
        completeMarkers();
        assertThat(shard.state(ID).status()).isEqualTo(TransactionStatus.COMPLETE_COMMIT);
    }

    @Test
    void answersToMarkersOfAnEarlierTransactionCountForNothing() {
        Session first = shard.begin();
        shard.add(first, 0);
        Session second = shard.endWell(first, true);
        WriteMarkers old = shard.markers().getFirst();
        completeMarkers();
        shard.add(second, 0);
        shard.endWell(second, true);
        Map<TransactionPartition, Errors> answers = new HashMap<>();
        old.partitions().forEach(partition -> answers.put(partition, Errors.NONE));
        shard.answerMarkers(old, answers);
        assertThat(shard.state(ID).status()).isEqualTo(TransactionStatus.PREPARE_COMMIT);
    }

    @Test
    void aDeletedTopicHasNothingToEnd() {
        Session session = shard.begin();
        shard.add(session, 0);
        shard.deleteTopic(ORDERS);
        shard.endWell(session, true);
        assertThat(shard.markers()).isEmpty();
        assertThat(shard.state(ID).status()).isEqualTo(TransactionStatus.PREPARE_COMMIT);
        shard.pass(2 * TransactionProperties.defaults().unknownTopicGraceMs());
        assertThat(shard.state(ID).status()).isEqualTo(TransactionStatus.COMPLETE_COMMIT);
    }

    @Test
    void silentIdsAreForgottenButNoneWithATransaction() {
        Session session = shard.begin();
        shard.pass(TransactionProperties.defaults().expirationMs());
        assertThat(shard.isKnown(ID)).isTrue();
        shard.pass(2 * TransactionProperties.defaults().expirationCheckMs());
        assertThat(shard.isKnown(ID)).isFalse();
        assertThat(shard.add(session, 0)).isEqualTo(Errors.INVALID_PRODUCER_ID_MAPPING);
        assertThat(session(shard.init(initAs(session))).producerId())
                .isNotEqualTo(session.producerId());
        shard.restart();
        Session again = shard.begin();
        shard.add(again, 0);
        shard.endWell(again, true); // and no partition answers
        shard.pass(2 * TransactionProperties.defaults().expirationMs());
        assertThat(shard.isKnown(ID)).isTrue();
    }

    @Test
    void anIdMadeAgainFromTheLogIsTheSame() {
        Session session = shard.begin();
        shard.add(session, 0, 5);
        shard.addOffsets(session, "group");
        TransactionState before = shard.state(ID);
        shard.restart();
        assertThat(shard.state(ID)).isEqualTo(before);
        Session next = shard.endWell(session, true);
        completeMarkers();
        TransactionState complete = shard.state(ID);
        shard.restart();
        assertThat(shard.state(ID).producerEpoch()).isEqualTo(next.producerEpoch());
        assertThat(shard.state(ID).status()).isEqualTo(complete.status());
    }

    @Test
    void kafkaReadsTheRecords() throws Exception {
        Session session = shard.begin();
        shard.add(session, 0, 5);
        ShardRecord record = shard.log().getLast();
        var value = Objects.requireNonNull(record.value());
        short version = value.getShort(value.position());
        assertThat(version).isEqualTo((short) 1);
        assertThat(record.key().getShort(record.key().position())).isZero();
        TransactionState read = TransactionRecords.readValue(value);
        assertThat(read.partitions()).hasSize(2);
        assertThat(TransactionRecords.readKey(record.key())).isEqualTo(ID);
    }

    // KIP-664.

    @Test
    void transactionsAreDescribedAndListed() {
        Session session = shard.begin();
        shard.add(session, 0);
        var described =
                shard.call(
                                new DescribeTransactionsRequestData()
                                        .setTransactionalIds(List.of(ID, "other")),
                                0,
                                DescribeTransactionsResponseData.class)
                        .transactionStates();
        assertThat(described.getFirst().transactionState()).isEqualTo("Ongoing");
        assertThat(described.getFirst().topics().find("orders").partitions()).containsExactly(0);
        assertThat(described.getLast().errorCode())
                .isEqualTo(Errors.TRANSACTIONAL_ID_NOT_FOUND.code());
        assertThat(listed(new ListTransactionsRequestData())).hasSize(1);
        assertThat(listed(new ListTransactionsRequestData().setStateFilters(List.of("Empty"))))
                .isEmpty();
        assertThat(listed(new ListTransactionsRequestData().setStateFilters(List.of("Nonsense"))))
                .isEmpty();
        assertThat(listed(new ListTransactionsRequestData().setProducerIdFilters(List.of(1L))))
                .isEmpty();
        assertThat(listed(new ListTransactionsRequestData().setTransactionalIdPattern("mo.*")))
                .hasSize(1);
        assertThat(listed(new ListTransactionsRequestData().setDurationFilter(1_000))).isEmpty();
        shard.pass(2_000);
        assertThat(listed(new ListTransactionsRequestData().setDurationFilter(1_000))).hasSize(1);
        assertThat(
                        shard.call(
                                        new ListTransactionsRequestData()
                                                .setTransactionalIdPattern("(a"),
                                        2,
                                        ListTransactionsResponseData.class)
                                .errorCode())
                .isEqualTo(Errors.INVALID_REGULAR_EXPRESSION.code());
    }

    private List<ListTransactionsResponseData.TransactionState> listed(
            ListTransactionsRequestData request) {
        return shard.call(request, 2, ListTransactionsResponseData.class).transactionStates();
    }
}
