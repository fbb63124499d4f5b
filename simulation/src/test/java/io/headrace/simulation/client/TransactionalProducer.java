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
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceDataCollection;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A transactional producer of transaction version 2 (KIP-890): one or two batches in different
 * partitions, then a commit or an abort, all sent again until an answer is final; after a fatal one
 * it takes its identity anew. In the end it leaves no transaction open.
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
    private boolean stopping;
    private boolean over;

    private record Batch(TopicPartition partition, List<Long> codes) {}

    public TransactionalProducer(
            Host host,
            Wire wire,
            List<String> nodes,
            Transactions ledger,
            List<TopicPartition> partitions,
            long thinkMaxMs) {
        this.client = new ClusterClient(host, wire, nodes);
        this.world = host.world();
        this.ledger = ledger;
        this.id = "transactions-" + host.name();
        this.partitions = partitions;
        this.thinkMaxMs = thinkMaxMs;
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
                .whenComplete(
                        (answer, failure) ->
                                client.loop().run(() -> onIdentified(answer, failure)));
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
        if (stopping) {
            over = true;
            return;
        }
        client.loop().schedule(this::begin, world.between(1, thinkMaxMs));
    }

    private void begin() {
        if (stopping) {
            over = true;
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
            boolean commits = world.chance(0.7);
            client.loop().schedule(() -> end(commits), world.between(0, 50));
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
                                client.loop().run(() -> onAnswer(batches, index, answer, failure)));
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
                        (answer, failure) ->
                                client.loop().run(() -> onEnded(commits, answer, failure)));
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
