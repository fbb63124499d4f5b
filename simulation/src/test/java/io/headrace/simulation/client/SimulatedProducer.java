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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An idempotent producer with acks=all and up to five batches of each partition in flight. What
 * fails is sent again, the same bytes, one batch after the other, until it is heard of. A batch
 * refused for its sequence, though all before it were acknowledged, is given up with all that are
 * open, their outcome unknown, and a new producer id taken.
 */
public final class SimulatedProducer {
    private static final short ACKS_ALL = -1;
    private static final int TIMEOUT_MS = 2_000;

    private final ClusterClient client;
    private final World world;
    private final Ledger ledger;
    private final List<TopicPartition> partitions;
    private final long thinkMaxMs;
    private final int maxInFlight;
    private final Map<TopicPartition, Lane> lanes = new LinkedHashMap<>();
    private long producerId = -1;
    private short producerEpoch;
    private long recordCount;
    private boolean stopping;

    /** What is open of one partition, for one producer id. */
    private static final class Lane {
        private final TopicPartition partition;
        private final Deque<Batch> open = new ArrayDeque<>();
        private int nextSequence;
        private int inFlight;

        /** Batches that are sent again, one at a time, before any new one. */
        private int toRepeat;

        Lane(TopicPartition partition) {
            this.partition = partition;
        }
    }

    private record Batch(int sequence, List<Long> codes) {}

    /**
     * @param maxInFlight how many batches of a partition are sent before the first is acknowledged
     */
    public SimulatedProducer(
            Host host,
            Wire wire,
            List<String> nodes,
            Ledger ledger,
            List<TopicPartition> partitions,
            long thinkMaxMs,
            int maxInFlight) {
        this.client = new ClusterClient(host, wire, nodes);
        this.world = host.world();
        this.ledger = ledger;
        this.partitions = partitions;
        this.thinkMaxMs = thinkMaxMs;
        this.maxInFlight = maxInFlight;
    }

    public void start() {
        client.loop().execute(this::identify);
        client.loop().execute(this::think);
    }

    /** Begins no new batch. */
    public void stop() {
        stopping = true;
    }

    /** Whether nothing is under way. */
    public boolean isIdle() {
        return lanes.values().stream().allMatch(lane -> lane.open.isEmpty());
    }

    private void identify() {
        lanes.clear();
        producerId = -1;
        client.ask(
                        client.anyNode(),
                        ApiKeys.INIT_PRODUCER_ID,
                        4,
                        new InitProducerIdRequestData()
                                .setTransactionalId(null)
                                .setTransactionTimeoutMs(60_000),
                        InitProducerIdResponseData.class)
                .whenComplete((answer, failure) -> client.run(() -> onIdentified(answer)));
    }

    private void onIdentified(@Nullable InitProducerIdResponseData answer) {
        if (answer == null || answer.errorCode() != Errors.NONE.code()) {
            client.retry(this::identify);
            return;
        }
        producerId = answer.producerId();
        producerEpoch = answer.producerEpoch();
    }

    private void think() {
        client.loop().schedule(this::next, world.between(1, thinkMaxMs));
    }

    private void next() {
        if (stopping) {
            return;
        }
        think();
        TopicPartition to = partitions.get(world.random().nextInt(partitions.size()));
        if (producerId < 0) {
            return;
        }
        Lane lane = lanes.computeIfAbsent(to, Lane::new);
        if (lane.open.size() >= maxInFlight || lane.toRepeat > 0) {
            return;
        }
        List<Long> codes = new ArrayList<>();
        for (long count = world.between(1, 3); count > 0; count--) {
            codes.add(ledger.onSending(client.host().name(), recordCount++, to));
        }
        Batch batch = new Batch(lane.nextSequence, codes);
        lane.nextSequence += codes.size();
        lane.open.add(batch);
        send(lane, batch);
    }

    private void send(Lane lane, Batch batch) {
        String leader = client.leaderOf(lane.partition);
        lane.inFlight++;
        if (leader == null) {
            client.run(() -> onFailed(lane));
            return;
        }
        TopicProduceDataCollection topics = new TopicProduceDataCollection();
        topics.add(
                new TopicProduceData()
                        .setName(lane.partition.topic())
                        .setPartitionData(
                                List.of(
                                        new PartitionProduceData()
                                                .setIndex(lane.partition.partition())
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
                .whenComplete((answer, failure) -> client.run(() -> onAnswer(lane, batch, answer)));
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

    private void onAnswer(Lane lane, Batch batch, @Nullable ProduceResponseData answer) {
        if (lanes.get(lane.partition) != lane) {
            return; // given up
        }
        if (answer == null) {
            onFailed(lane);
            return;
        }
        var said = answer.responses().iterator().next().partitionResponses().getFirst();
        switch (Errors.forCode(said.errorCode())) {
            case NONE -> {
                long offset = said.baseOffset();
                for (long code : batch.codes()) {
                    ledger.onAcknowledged(code, offset++);
                }
                lane.inFlight--;
                lane.open.remove(batch);
                if (lane.toRepeat > 0 && lane.inFlight == 0) {
                    lane.toRepeat = Math.min(lane.toRepeat - 1, lane.open.size());
                    repeat(lane);
                }
            }
            case OUT_OF_ORDER_SEQUENCE_NUMBER, UNKNOWN_PRODUCER_ID, INVALID_PRODUCER_EPOCH -> {
                if (batch.equals(lane.open.peek())) {
                    ledger.onSequenceRefused();
                    identify();
                } else {
                    onFailed(lane); // one before it failed
                }
            }
            default -> onFailed(lane);
        }
    }

    /** All that is open is sent again once nothing is in flight. */
    private void onFailed(Lane lane) {
        lane.inFlight--;
        lane.toRepeat = lane.open.size();
        if (lane.inFlight == 0) {
            client.retry(() -> repeat(lane));
        }
    }

    private void repeat(Lane lane) {
        Batch first = lane.open.peek();
        if (lanes.get(lane.partition) != lane || lane.toRepeat == 0 || first == null) {
            return;
        }
        send(lane, first);
    }
}
