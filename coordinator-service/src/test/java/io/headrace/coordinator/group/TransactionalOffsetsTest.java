package io.headrace.coordinator.group;

import static io.headrace.coordinator.group.GroupHarness.GROUP;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.metadata.MetadataImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponsePartitions;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestPartition;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestTopic;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData.WritableTxnMarker;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData.WritableTxnMarkerTopic;
import org.apache.kafka.common.message.WriteTxnMarkersResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

import java.util.List;

/** What KIP-98, KIP-447 and KIP-890 say of offsets that transactions commit. */
class TransactionalOffsetsTest {
    private static final long PRODUCER = 7;
    private static final long OTHER = 8;

    private final GroupHarness shard = GroupHarness.withoutDelay();

    private static TxnOffsetCommitRequestData commit(int epoch, long offset) {
        return commit(PRODUCER, epoch, offset);
    }

    private static TxnOffsetCommitRequestData commit(long producerId, int epoch, long offset) {
        TxnOffsetCommitRequestTopic topic = new TxnOffsetCommitRequestTopic().setName("orders");
        topic.partitions()
                .add(
                        new TxnOffsetCommitRequestPartition()
                                .setPartitionIndex(0)
                                .setCommittedOffset(offset)
                                .setCommittedMetadata(""));
        return new TxnOffsetCommitRequestData()
                .setTransactionalId("mover-" + producerId)
                .setGroupId(GROUP)
                .setProducerId(producerId)
                .setProducerEpoch((short) epoch)
                .setTopics(List.of(topic));
    }

    private Errors errorOf(long request) {
        return Errors.forCode(
                shard.answer(request, TxnOffsetCommitResponseData.class)
                        .topics()
                        .getFirst()
                        .partitions()
                        .getFirst()
                        .errorCode());
    }

    private Errors commitVerified(int epoch, long offset) {
        return commitVerified(PRODUCER, epoch, offset);
    }

    private Errors commitVerified(long producerId, int epoch, long offset) {
        long request = shard.send(commit(producerId, epoch, offset), 5);
        shard.verify(Errors.NONE);
        return errorOf(request);
    }

    private Errors mark(int epoch, boolean commits, int coordinatorEpoch, int version) {
        return mark(PRODUCER, epoch, commits, coordinatorEpoch, version);
    }

    private void mark(long producerId, int epoch, boolean commits) {
        assertThat(mark(producerId, epoch, commits, 0, 2)).isEqualTo(Errors.NONE);
    }

    private Errors mark(
            long producerId, int epoch, boolean commits, int coordinatorEpoch, int version) {
        WritableTxnMarker marker =
                new WritableTxnMarker()
                        .setProducerId(producerId)
                        .setProducerEpoch((short) epoch)
                        .setTransactionResult(commits)
                        .setCoordinatorEpoch(coordinatorEpoch)
                        .setTransactionVersion((byte) version)
                        .setTopics(
                                List.of(
                                        new WritableTxnMarkerTopic()
                                                .setName("__consumer_offsets")
                                                .setPartitionIndexes(List.of(3))));
        var answer =
                shard.call(
                        new WriteTxnMarkersRequestData().setMarkers(List.of(marker)),
                        2,
                        WriteTxnMarkersResponseData.class);
        return Errors.forCode(
                answer.markers()
                        .getFirst()
                        .topics()
                        .getFirst()
                        .partitions()
                        .getFirst()
                        .errorCode());
    }

    private OffsetFetchResponsePartitions fetch(boolean requireStable) {
        OffsetFetchRequestData request =
                new OffsetFetchRequestData()
                        .setRequireStable(requireStable)
                        .setGroups(
                                List.of(
                                        new OffsetFetchRequestGroup()
                                                .setGroupId(GROUP)
                                                .setTopics(
                                                        List.of(
                                                                new OffsetFetchRequestTopics()
                                                                        .setName("orders")
                                                                        .setPartitionIndexes(
                                                                                List.of(0))))));
        return shard.call(request, 9, OffsetFetchResponseData.class)
                .groups()
                .getFirst()
                .topics()
                .getFirst()
                .partitions()
                .getFirst();
    }

    private long committed() {
        return fetch(false).committedOffset();
    }

    private void commitPlainly(long offset) {
        OffsetCommitRequestTopic topic = new OffsetCommitRequestTopic().setName("orders");
        topic.partitions()
                .add(
                        new OffsetCommitRequestPartition()
                                .setPartitionIndex(0)
                                .setCommittedOffset(offset)
                                .setCommittedMetadata(""));
        shard.call(
                new OffsetCommitRequestData().setGroupId(GROUP).setTopics(List.of(topic)),
                9,
                OffsetCommitResponseData.class);
    }

    @Test
    void anOffsetIsTheGroupsOnceItsTransactionIsCommitted() {
        assertThat(commitVerified(0, 10)).isEqualTo(Errors.NONE);
        assertThat(committed()).isEqualTo(-1);
        assertThat(mark(1, true, 0, 2)).isEqualTo(Errors.NONE);
        assertThat(committed()).isEqualTo(10);
    }

    @Test
    void anOffsetOfAnAbortedTransactionIsNone() {
        commitPlainly(3);
        commitVerified(0, 10);
        mark(1, false, 0, 2);
        assertThat(committed()).isEqualTo(3);
        shard.restart();
        assertThat(committed()).isEqualTo(3);
    }

    @Test
    void aReaderThatNeedsStableOffsetsIsToldToWait() {
        commitPlainly(3);
        commitVerified(0, 10);
        assertThat(fetch(true).errorCode()).isEqualTo(Errors.UNSTABLE_OFFSET_COMMIT.code());
        assertThat(fetch(false).committedOffset()).isEqualTo(3);
        mark(1, true, 0, 2);
        assertThat(fetch(true).committedOffset()).isEqualTo(10);
    }

    @Test
    void aNewOwnerKnowsWhatIsPending() {
        commitVerified(0, 10);
        shard.restart();
        assertThat(fetch(true).errorCode()).isEqualTo(Errors.UNSTABLE_OFFSET_COMMIT.code());
        mark(1, true, 0, 2);
        shard.restart();
        assertThat(committed()).isEqualTo(10);
        assertThat(mark(0, false, 0, 2)).isEqualTo(Errors.INVALID_PRODUCER_EPOCH);
    }

    @Test
    void nothingIsKeptBeforeTheTransactionIsVerified() {
        long request = shard.send(commit(0, 10), 5);
        assertThat(shard.isAnswered(request)).isFalse();
        assertThat(fetch(true).errorCode()).isZero();
        shard.verify(Errors.INVALID_PRODUCER_ID_MAPPING);
        assertThat(errorOf(request)).isEqualTo(Errors.INVALID_PRODUCER_ID_MAPPING);
        assertThat(fetch(true).errorCode()).isZero();
    }

    @Test
    void clientsOfBeforeAreVerifiedAndNotAdded() {
        long request = shard.send(commit(0, 10), 3);
        assertThat(shard.lastQuestion().add()).isFalse();
        shard.verify(Errors.TRANSACTION_ABORTABLE);
        assertThat(errorOf(request)).isEqualTo(Errors.INVALID_TXN_STATE);
        shard.send(commit(0, 10), 5);
        assertThat(shard.lastQuestion().add()).isTrue();
    }

    @Test
    void aMarkerWhileTheQuestionIsOpenHasItAskedAgain() {
        long request = shard.send(commit(1, 10), 5);
        mark(1, true, 0, 2); // of the transaction before
        shard.verify(Errors.NONE);
        assertThat(shard.isAnswered(request)).isFalse();
        shard.verify(Errors.NONE);
        assertThat(errorOf(request)).isEqualTo(Errors.NONE);
        assertThat(fetch(true).errorCode()).isEqualTo(Errors.UNSTABLE_OFFSET_COMMIT.code());
    }

    @Test
    void aDelayedCommitOfAnEndedTransactionIsRefused() {
        long request = shard.send(commit(0, 10), 5);
        mark(1, true, 0, 2); // of this one: it is too late
        shard.verify(Errors.NONE);
        assertThat(errorOf(request)).isEqualTo(Errors.INVALID_PRODUCER_EPOCH);
        assertThat(fetch(true).errorCode()).isZero();
    }

    @Test
    void aRepeatedMarkerDoesNotEndTheNextTransaction() {
        commitVerified(0, 10);
        assertThat(mark(1, true, 0, 2)).isEqualTo(Errors.NONE);
        assertThat(mark(1, true, 0, 2)).isEqualTo(Errors.NONE); // nothing is open yet
        commitVerified(1, 20);
        assertThat(mark(1, true, 0, 2)).isEqualTo(Errors.INVALID_PRODUCER_EPOCH);
        assertThat(committed()).isEqualTo(10);
        assertThat(mark(2, false, 0, 2)).isEqualTo(Errors.NONE);
        assertThat(committed()).isEqualTo(10);
    }

    @Test
    void aZombieCoordinatorsMarkerIsFenced() {
        commitVerified(0, 10);
        mark(1, true, 5, 2);
        commitVerified(1, 20);
        assertThat(mark(2, true, 4, 2)).isEqualTo(Errors.TRANSACTION_COORDINATOR_FENCED);
        shard.restart();
        assertThat(mark(2, true, 4, 2)).isEqualTo(Errors.TRANSACTION_COORDINATOR_FENCED);
        assertThat(committed()).isEqualTo(10);
    }

    @Test
    void aTransactionOfBeforeKeepsItsEpoch() {
        commitVerified(0, 10);
        assertThat(mark(0, true, 0, 0)).isEqualTo(Errors.NONE);
        commitVerified(0, 20);
        assertThat(mark(0, true, 0, 0)).isEqualTo(Errors.NONE);
        assertThat(committed()).isEqualTo(20);
    }

    @Test
    void anOffsetCommittedAfterwardsWins() {
        commitVerified(0, 10);
        shard.pass(5);
        commitPlainly(30);
        mark(1, true, 0, 2);
        assertThat(committed()).isEqualTo(30);
    }

    @Test
    void aClockThatGoesBackTakesNoCommitAway() {
        commitPlainly(5);
        shard.goBack(86_400_000);
        commitVerified(0, 10);
        mark(1, true, 0, 2);
        assertThat(committed()).isEqualTo(10);
        shard.restart();
        assertThat(committed()).isEqualTo(10);
    }

    @Test
    void ofTwoTransactionsTheLaterCommitCountsWhicheverEndsLast() {
        commitVerified(PRODUCER, 0, 10);
        commitVerified(OTHER, 0, 20);
        shard.restart();
        mark(OTHER, 1, true);
        mark(PRODUCER, 1, true);
        assertThat(committed()).isEqualTo(20);
        commitVerified(PRODUCER, 1, 30);
        commitVerified(OTHER, 1, 40);
        shard.restart();
        mark(PRODUCER, 2, true);
        assertThat(committed()).isEqualTo(30);
        shard.restart();
        mark(OTHER, 2, true);
        assertThat(committed()).isEqualTo(40);
    }

    @Test
    void anOffsetThatIsReplacedIsStable() {
        commitVerified(0, 10);
        commitPlainly(30);
        assertThat(fetch(true).committedOffset()).isEqualTo(30);
        shard.restart();
        assertThat(fetch(true).committedOffset()).isEqualTo(30);
    }

    /** The topic is deleted while the transaction is open, and one of its name is made. */
    @Test
    void anOffsetOfADeletedTopicIsForgottenAtOnce() {
        commitVerified(PRODUCER, 0, 10);
        commitVerified(OTHER, 0, 20);
        MetadataImage without = TestCluster.withoutTopic(shard.image(), GroupHarness.TOPIC_ID);
        shard.setImage(TestCluster.withTopic(without, "orders", new Uuid(7, 8), 4));
        assertThat(fetch(true).errorCode()).isEqualTo(Errors.NONE.code());
        mark(PRODUCER, 1, true);
        commitVerified(OTHER, 0, 30); // of the same transaction, for the topic that is there now
        shard.restart();
        assertThat(fetch(true).errorCode()).isEqualTo(Errors.UNSTABLE_OFFSET_COMMIT.code());
        assertThat(committed()).isEqualTo(-1);
        mark(OTHER, 1, true);
        assertThat(fetch(true).committedOffset()).isEqualTo(30);
    }

    @Test
    void anOffsetOfADeletedTopicDoesNotComeWithTheMarker() {
        commitVerified(0, 10);
        shard.setImage(TestCluster.withoutTopic(shard.image(), GroupHarness.TOPIC_ID));
        mark(1, true, 0, 2);
        assertThat(committed()).isEqualTo(-1);
        shard.restart();
        assertThat(committed()).isEqualTo(-1);
    }
}
