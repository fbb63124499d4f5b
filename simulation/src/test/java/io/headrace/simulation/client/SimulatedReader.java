package io.headrace.simulation.client;

import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.RecordReader;
import io.headrace.protocol.batch.StoredRecord;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.simulation.network.Host;
import io.headrace.simulation.network.Wire;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.BiConsumer;

/** Reads one partition from its start, on and on. */
public final class SimulatedReader {
    private final ClusterClient client;
    private final Ledger ledger;
    private final TopicPartition partition;
    private final BiConsumer<Long, Long> onRecord;
    private long nextOffset;
    private long highWatermark = -1;
    private boolean stopped;

    /**
     * @param onRecord takes offsets and codes
     */
    public SimulatedReader(
            Host host,
            Wire wire,
            List<String> nodes,
            Ledger ledger,
            TopicPartition partition,
            BiConsumer<Long, Long> onRecord) {
        this.client = new ClusterClient(host, wire, nodes);
        this.ledger = ledger;
        this.partition = partition;
        this.onRecord = onRecord;
    }

    public void start() {
        client.loop().execute(() -> client.retry(this::fetch));
    }

    public void stop() {
        stopped = true;
    }

    /** Whether everything up to the end that the leader told was read. */
    public boolean isAtEnd() {
        return highWatermark >= 0 && nextOffset >= highWatermark;
    }

    public long nextOffset() {
        return nextOffset;
    }

    private void fetch() {
        if (stopped) {
            return;
        }
        String leader = client.leaderOf(partition);
        if (leader == null) {
            client.retry(this::fetch);
            return;
        }
        FetchRequestData request =
                new FetchRequestData()
                        .setReplicaId(-1)
                        .setMaxWaitMs(300)
                        .setMinBytes(1)
                        .setMaxBytes(1 << 20)
                        .setSessionEpoch(-1)
                        .setTopics(
                                List.of(
                                        new FetchTopic()
                                                .setTopic(partition.topic())
                                                .setPartitions(
                                                        List.of(
                                                                new FetchPartition()
                                                                        .setPartition(
                                                                                partition
                                                                                        .partition())
                                                                        .setFetchOffset(nextOffset)
                                                                        .setPartitionMaxBytes(
                                                                                1 << 20)))));
        client.ask(leader, ApiKeys.FETCH, 12, request, FetchResponseData.class)
                .whenComplete((answer, failure) -> client.run(() -> onAnswer(answer, failure)));
    }

    private void onAnswer(@Nullable FetchResponseData answer, @Nullable Throwable failure) {
        if (stopped) {
            return;
        }
        if (answer == null
                || failure != null
                || answer.errorCode() != Errors.NONE.code()
                || answer.responses().isEmpty()) {
            client.retry(this::fetch);
            return;
        }
        var data = answer.responses().getFirst().partitions().getFirst();
        if (data.errorCode() != Errors.NONE.code()) {
            client.retry(this::fetch);
            return;
        }
        ByteBuffer records = RecordsField.bytes(data.records());
        if (records != null) {
            read(records);
        }
        highWatermark = data.highWatermark();
        client.loop().execute(this::fetch);
    }

    private void read(ByteBuffer records) {
        BatchSet batches = BatchSet.of(records);
        while (batches.next()) {
            try (RecordReader reader = RecordReader.open(records, batches.index(), 1 << 20)) {
                while (reader.hasNext()) {
                    take(reader.next());
                }
            }
        }
    }

    private void take(StoredRecord record) {
        ByteBuffer value = record.value();
        if (record.offset() < nextOffset || value == null) {
            return; // the batch begins before what was asked for
        }
        if (record.offset() > nextOffset) {
            throw new AssertionError(
                    "a hole in %s: offset %d follows %d"
                            .formatted(partition, record.offset(), nextOffset - 1));
        }
        long code = value.getLong(value.position());
        ledger.onRead(partition, record.offset(), code);
        onRecord.accept(record.offset(), code);
        nextOffset = record.offset() + 1;
    }
}
