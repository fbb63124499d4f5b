package io.headrace.simulation.client;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.simulation.network.Host;
import io.headrace.simulation.network.Wire;
import io.headrace.simulation.network.World;

import org.apache.kafka.common.TopicPartition;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * An idempotent producer with acks=all and one batch in flight, which it sends again, the same
 * bytes, until it hears of it. A batch refused for its sequence is given up, its outcome unknown,
 * and a new producer id taken.
 */
public final class SimulatedProducer {
    private static final short ACKS_ALL = -1;
    private static final int TIMEOUT_MS = 2_000;

    private final ClusterClient client;
    private final World world;
    private final Ledger ledger;
    private final List<TopicPartition> partitions;
    private final long thinkMaxMs;
    private final Map<TopicPartition, Integer> nextSequence = new HashMap<>();
    private long producerId = -1;
    private short producerEpoch;
    private long recordCount;
    private boolean stopping;
    private @Nullable Batch current;

    private record Batch(TopicPartition partition, int sequence, List<Long> codes) {}

    public SimulatedProducer(
            Host host,
            Wire wire,
            List<String> nodes,
            Ledger ledger,
            List<TopicPartition> partitions,
            long thinkMaxMs) {
        this.client = new ClusterClient(host, wire, nodes);
        this.world = host.world();
        this.ledger = ledger;
        this.partitions = partitions;
        this.thinkMaxMs = thinkMaxMs;
    }

    public void start() {
        client.loop().execute(this::identify);
    }

    /** Begins no new batch. */
    public void stop() {
        stopping = true;
    }

    /** Whether nothing is under way. */
    public boolean isIdle() {
        return current == null;
    }

    private void identify() {
        nextSequence.clear();
        client.ask(
                        client.anyNode(),
                        ApiKeys.INIT_PRODUCER_ID,
                        4,
                        new InitProducerIdRequestData()
                                .setTransactionalId(null)
                                .setTransactionTimeoutMs(60_000),
                        InitProducerIdResponseData.class)
                .whenComplete(
                        (answer, failure) ->
                                client.loop()
                                        .run(
                                                () -> {
                                                    if (failure != null
                                                            || answer.errorCode()
                                                                    != Errors.NONE.code()) {
                                                        client.retry(this::identify);
                                                        return;
                                                    }
                                                    producerId = answer.producerId();
                                                    producerEpoch = answer.producerEpoch();
                                                    think();
                                                }));
    }

    private void think() {
        current = null;
        client.loop().schedule(this::next, world.between(1, thinkMaxMs));
    }

    private void next() {
        if (stopping) {
            return;
        }
        TopicPartition to = partitions.get(world.random().nextInt(partitions.size()));
        List<Long> codes = new ArrayList<>();
        for (long count = world.between(1, 3); count > 0; count--) {
            codes.add(ledger.onSending(client.host().name(), recordCount++, to));
        }
        Batch batch = new Batch(to, nextSequence.getOrDefault(to, 0), codes);
        current = batch;
        send(batch);
    }

    private void send(Batch batch) {
        String leader = client.leaderOf(batch.partition());
        if (leader == null) {
            client.retry(() -> send(batch));
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
                                .setAcks(ACKS_ALL)
                                .setTimeoutMs(TIMEOUT_MS)
                                .setTopicData(topics),
                        ProduceResponseData.class)
                .whenComplete(
                        (answer, failure) ->
                                client.loop().run(() -> onAnswer(batch, answer, failure)));
    }

    private ByteBuffer bytesOf(Batch batch) {
        BatchBuilder builder =
                BatchBuilder.growing().producer(producerId, producerEpoch, batch.sequence(), false);
        for (long code : batch.codes()) {
            builder.append(
                    world.nowMs(), null, ByteBuffer.allocate(8).putLong(code).flip(), List.of());
        }
        return builder.build();
    }

    private void onAnswer(
            Batch batch, @Nullable ProduceResponseData answer, @Nullable Throwable failure) {
        if (answer == null || failure != null) {
            client.retry(() -> send(batch));
            return;
        }
        var said = answer.responses().iterator().next().partitionResponses().getFirst();
        Errors error = Errors.forCode(said.errorCode());
        switch (error) {
            case NONE -> {
                long offset = said.baseOffset();
                for (long code : batch.codes()) {
                    ledger.onAcknowledged(code, offset++);
                }
                nextSequence.put(batch.partition(), batch.sequence() + batch.codes().size());
                think();
            }
            case OUT_OF_ORDER_SEQUENCE_NUMBER, UNKNOWN_PRODUCER_ID, INVALID_PRODUCER_EPOCH -> {
                ledger.onSequenceRefused();
                identify();
            }
            default -> client.retry(() -> send(batch));
        }
    }
}
