package io.headrace.simulation.client;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.simulation.network.Host;
import io.headrace.simulation.network.Wire;
import io.headrace.simulation.network.World;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.message.EndTxnResponseData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceDataCollection;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestPartition;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestTopic;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A transactional producer of transaction version 2 (KIP-890): one or two batches in different
 * partitions, perhaps an offset of a group of its own, then a commit or an abort, all sent again
 * until an answer is final; after a fatal one it takes its identity anew. In the end it leaves no
 * transaction open.
 */
public final class TransactionalProducer {
    private static final short ACKS_ALL = -1;
    private static final int TIMEOUT_MS = 2_000;
    private static final int TRANSACTION_TIMEOUT_MS = 8_000;

    private final ClusterClient client;
    private final World world;
    private final Transactions ledger;
    private final String id;
    private final List<TopicPartition> partitions;
    private final long thinkMaxMs;
    private long producerId;
    private short producerEpoch;
    private final boolean commitsOffsets;
    private boolean stopping;
    private boolean over;

    private record Batch(TopicPartition partition, List<Long> codes) {}

    public TransactionalProducer(
            Host host,
            Wire wire,
            List<String> nodes,
            Transactions ledger,
            List<TopicPartition> partitions,
            long thinkMaxMs,
            boolean commitsOffsets) {
        this.client = new ClusterClient(host, wire, nodes);
        this.world = host.world();
        this.ledger = ledger;
        this.id = "transactions-" + host.name();
        this.partitions = partitions;
        this.thinkMaxMs = thinkMaxMs;
        this.commitsOffsets = commitsOffsets;
    }

    public void start() {
        client.loop().execute(this::identify);
    }

    /** Begins no new transaction. */
    public void stop() {
        stopping = true;
    }

    /** Whether nothing of this producer is open any more. */
    public boolean isOver() {
        return over;
    }

    private void identify() {
        ledger.onGivenUp(id);
        client.ask(
                        client.anyNode(),
                        ApiKeys.INIT_PRODUCER_ID,
                        5,
                        new InitProducerIdRequestData()
                                .setTransactionalId(id)
                                .setTransactionTimeoutMs(TRANSACTION_TIMEOUT_MS)
                                .setProducerId(-1)
                                .setProducerEpoch((short) -1),
                        InitProducerIdResponseData.class)
                .whenComplete((answer, failure) -> client.run(() -> onIdentified(answer, failure)));
    }

    private void onIdentified(
            @Nullable InitProducerIdResponseData answer, @Nullable Throwable failure) {
        if (answer == null || failure != null || answer.errorCode() != Errors.NONE.code()) {
            client.retry(this::identify);
            return;
        }
        take(answer.producerId(), answer.producerEpoch());
        think();
    }

    private void take(long newProducerId, short newProducerEpoch) {
        ledger.onIdentity(id, newProducerId, newProducerEpoch);
        producerId = newProducerId;
        producerEpoch = newProducerEpoch;
    }

    private void think() {
        if (commitsOffsets && (stopping || world.chance(0.3))) {
            readOffset();
        } else if (stopping) {
            over = true;
        } else {
            thinkOn();
        }
    }

    private void thinkOn() {
        client.loop().schedule(this::begin, world.between(1, thinkMaxMs));
    }

    private void begin() {
        if (stopping) {
            think();
            return;
        }
        ledger.onBegin(id);
        List<Batch> batches = new ArrayList<>();
        int from = world.random().nextInt(partitions.size());
        int count = (int) world.between(1, 2);
        for (int i = 0; i < count; i++) {
            List<Long> codes = new ArrayList<>();
            for (long left = world.between(1, 2); left > 0; left--) {
                codes.add(ledger.onSending(id));
            }
            batches.add(new Batch(partitions.get((from + i) % partitions.size()), codes));
        }
        send(batches, 0);
    }

    private void send(List<Batch> batches, int index) {
        if (index == batches.size()) {
            if (commitsOffsets && world.chance(0.7)) {
                commitOffset(ledger.onCommittingOffset(id));
            } else {
                endSoon();
            }
            return;
        }
        Batch batch = batches.get(index);
        String leader = client.leaderOf(batch.partition());
        if (leader == null) {
            client.retry(() -> send(batches, index));
            return;
        }
        TopicProduceDataCollection topics = new TopicProduceDataCollection();
        topics.add(
                new TopicProduceData()
                        .setName(batch.partition().topic())
                        .setPartitionData(
                                List.of(
                                        new PartitionProduceData()
                                                .setIndex(batch.partition().partition())
                                                .setRecords(RecordsField.of(bytesOf(batch))))));
        client.ask(
                        leader,
                        ApiKeys.PRODUCE,
                        12,
                        new ProduceRequestData()
                                .setTransactionalId(id)
                                .setAcks(ACKS_ALL)
                                .setTimeoutMs(TIMEOUT_MS)
                                .setTopicData(topics),
                        ProduceResponseData.class)
                .whenComplete(
                        (answer, failure) ->
                                client.run(() -> onAnswer(batches, index, answer, failure)));
    }

    private ByteBuffer bytesOf(Batch batch) {
        // Each transaction has an epoch of its own, so every partition begins at sequence 0.
        BatchBuilder builder = BatchBuilder.growing().producer(producerId, producerEpoch, 0, true);
        for (long code : batch.codes()) {
            builder.append(
                    world.nowMs(), null, ByteBuffer.allocate(8).putLong(code).flip(), List.of());
        }
        return builder.build();
    }

    private void onAnswer(
            List<Batch> batches,
            int index,
            @Nullable ProduceResponseData answer,
            @Nullable Throwable failure) {
        if (answer == null || failure != null) {
            client.retry(() -> send(batches, index));
            return;
        }
        var said = answer.responses().iterator().next().partitionResponses().getFirst();
        switch (Errors.forCode(said.errorCode())) {
            case NONE -> send(batches, index + 1);
            case TRANSACTION_ABORTABLE -> end(false);
            case INVALID_PRODUCER_EPOCH,
                    PRODUCER_FENCED,
                    INVALID_TXN_STATE,
                    INVALID_PRODUCER_ID_MAPPING,
                    OUT_OF_ORDER_SEQUENCE_NUMBER,
                    UNKNOWN_PRODUCER_ID ->
                    identify();
            default -> client.retry(() -> send(batches, index));
        }
    }

    // Offsets of a group, as part of the transaction (KIP-447, in one step by KIP-890).

    private String group() {
        return "offsets-of-" + id;
    }

    private void commitOffset(long offset) {
        TxnOffsetCommitRequestTopic topic =
                new TxnOffsetCommitRequestTopic().setName(partitions.getFirst().topic());
        topic.partitions()
                .add(
                        new TxnOffsetCommitRequestPartition()
                                .setPartitionIndex(0)
                                .setCommittedOffset(offset)
                                .setCommittedMetadata(""));
        TxnOffsetCommitRequestData request =
                new TxnOffsetCommitRequestData()
                        .setTransactionalId(id)
                        .setGroupId(group())
                        .setProducerId(producerId)
                        .setProducerEpoch(producerEpoch)
                        .setTopics(List.of(topic));
        client.ask(
                        client.anyNode(),
                        ApiKeys.TXN_OFFSET_COMMIT,
                        5,
                        request,
                        TxnOffsetCommitResponseData.class)
                .whenComplete(
                        (answer, failure) -> client.run(() -> onOffsetCommitted(offset, answer)));
    }

    private void onOffsetCommitted(long offset, @Nullable TxnOffsetCommitResponseData answer) {
        if (answer == null) {
            client.retry(() -> commitOffset(offset));
            return;
        }
        var said = answer.topics().getFirst().partitions().getFirst();
        switch (Errors.forCode(said.errorCode())) {
            case NONE -> endSoon();
            case TRANSACTION_ABORTABLE -> end(false);
            case INVALID_PRODUCER_EPOCH,
                    PRODUCER_FENCED,
                    INVALID_TXN_STATE,
                    INVALID_PRODUCER_ID_MAPPING ->
                    identify();
            default -> client.retry(() -> commitOffset(offset));
        }
    }

    /** Between transactions: the outcome of the last one is known to the group by now. */
    private void readOffset() {
        OffsetFetchRequestGroup asked =
                new OffsetFetchRequestGroup()
                        .setGroupId(group())
                        .setTopics(
                                List.of(
                                        new OffsetFetchRequestTopics()
                                                .setName(partitions.getFirst().topic())
                                                .setPartitionIndexes(List.of(0))));
        client.ask(
                        client.anyNode(),
                        ApiKeys.OFFSET_FETCH,
                        8,
                        new OffsetFetchRequestData()
                                .setGroups(List.of(asked))
                                .setRequireStable(true),
                        OffsetFetchResponseData.class)
                .whenComplete((answer, failure) -> client.run(() -> onOffset(answer)));
    }

    private void onOffset(@Nullable OffsetFetchResponseData answer) {
        boolean last = stopping;
        var said = answer == null ? null : answer.groups().getFirst();
        boolean good =
                said != null
                        && said.errorCode() == Errors.NONE.code()
                        && said.topics().getFirst().partitions().getFirst().errorCode()
                                == Errors.NONE.code();
        if (said == null || !good) {
            client.retry(this::readOffset);
            return;
        }
        ledger.onOffsetRead(id, said.topics().getFirst().partitions().getFirst().committedOffset());
        if (last) {
            over = true;
        } else {
            thinkOn();
        }
    }

    private void endSoon() {
        boolean commits = world.chance(0.7);
        client.loop().schedule(() -> end(commits), world.between(0, 50));
    }

    private void end(boolean commits) {
        ledger.onEnding(id, commits);
        client.ask(
                        client.anyNode(),
                        ApiKeys.END_TXN,
                        5,
                        new EndTxnRequestData()
                                .setTransactionalId(id)
                                .setProducerId(producerId)
                                .setProducerEpoch(producerEpoch)
                                .setCommitted(commits),
                        EndTxnResponseData.class)
                .whenComplete(
                        (answer, failure) -> client.run(() -> onEnded(commits, answer, failure)));
    }

    private void onEnded(
            boolean commits, @Nullable EndTxnResponseData answer, @Nullable Throwable failure) {
        if (answer == null || failure != null) {
            client.retry(() -> end(commits));
            return;
        }
        switch (Errors.forCode(answer.errorCode())) {
            case NONE -> {
                ledger.onEnded(id, commits);
                take(answer.producerId(), answer.producerEpoch());
                think();
            }
            case INVALID_PRODUCER_EPOCH,
                    PRODUCER_FENCED,
                    INVALID_TXN_STATE,
                    INVALID_PRODUCER_ID_MAPPING,
                    TRANSACTION_ABORTABLE,
                    TRANSACTIONAL_ID_AUTHORIZATION_FAILED ->
                    identify();
            default -> client.retry(() -> end(commits));
        }
    }
}
