package io.headrace.simulation.client;

import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
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
import org.apache.kafka.common.message.FetchResponseData.AbortedTransaction;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads one partition from its start with {@code read_committed}, on and on. */
public final class CommittedReader {
    private static final byte READ_COMMITTED = 1;
    private static final short ABORT = 0;

    private final ClusterClient client;
    private final Transactions ledger;
    private final TopicPartition partition;
    private final List<Long> codes = new ArrayList<>();
    private long nextOffset;
    private long highWatermark = -1;
    private boolean stopped;

    public CommittedReader(
            Host host,
            Wire wire,
            List<String> nodes,
            Transactions ledger,
            TopicPartition partition) {
        this.client = new ClusterClient(host, wire, nodes);
        this.ledger = ledger;
        this.partition = partition;
    }

    public void start() {
        client.loop().execute(() -> client.retry(this::fetch));
    }

    public void stop() {
        stopped = true;
    }

    /** Whether everything is read and no transaction is open. */
    public boolean isAtEnd() {
        return highWatermark >= 0 && nextOffset >= highWatermark;
    }

    public long nextOffset() {
        return nextOffset;
    }

    /** The values that were read, in order. */
    public List<Long> codes() {
        return codes;
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
        FetchPartition asked =
                new FetchPartition()
                        .setPartition(partition.partition())
                        .setFetchOffset(nextOffset)
                        .setPartitionMaxBytes(1 << 20);
        FetchRequestData request =
                new FetchRequestData()
                        .setReplicaId(-1)
                        .setMaxWaitMs(300)
                        .setMinBytes(1)
                        .setMaxBytes(1 << 20)
                        .setIsolationLevel(READ_COMMITTED)
                        .setSessionEpoch(-1)
                        .setTopics(
                                List.of(
                                        new FetchTopic()
                                                .setTopic(partition.topic())
                                                .setPartitions(List.of(asked))));
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
        PartitionData data = answer.responses().getFirst().partitions().getFirst();
        if (data.errorCode() != Errors.NONE.code()) {
            client.retry(this::fetch);
            return;
        }
        long before = nextOffset;
        read(data);
        highWatermark = data.highWatermark();
        if (nextOffset == before && data.lastStableOffset() < highWatermark) {
            client.retry(this::fetch); // an open transaction: bytes are there, but not for us
        } else {
            client.loop().execute(this::fetch);
        }
    }

    private void read(PartitionData data) {
        ByteBuffer records = RecordsField.bytes(data.records());
        if (records == null) {
            return;
        }
        Deque<AbortedTransaction> aborted = new ArrayDeque<>();
        if (data.abortedTransactions() != null) {
            data.abortedTransactions().stream()
                    .sorted(Comparator.comparingLong(AbortedTransaction::firstOffset))
                    .forEach(aborted::add);
        }
        Set<Long> aborting = new HashSet<>();
        BatchSet batches = BatchSet.of(records);
        while (batches.next()) {
            int at = batches.index();
            while (!aborted.isEmpty()
                    && aborted.element().firstOffset() <= BatchView.lastOffset(records, at)) {
                aborting.add(aborted.remove().producerId());
            }
            if (BatchView.lastOffset(records, at) >= data.lastStableOffset()) {
                throw new AssertionError(
                        "read_committed was given offset %d of %s, the last stable offset is %d"
                                .formatted(
                                        BatchView.lastOffset(records, at),
                                        partition,
                                        data.lastStableOffset()));
            }
            readBatch(records, at, aborting);
            nextOffset = Math.max(nextOffset, BatchView.nextOffset(records, at));
        }
    }

    private void readBatch(ByteBuffer records, int at, Set<Long> aborting) {
        boolean isControl = BatchView.isControl(records, at);
        long producerId = BatchView.producerId(records, at);
        if (!isControl && BatchView.isTransactional(records, at) && aborting.contains(producerId)) {
            return;
        }
        try (RecordReader reader = RecordReader.open(records, at, 1 << 20)) {
            while (reader.hasNext()) {
                StoredRecord record = reader.next();
                if (isControl) {
                    ByteBuffer key = record.key();
                    if (key != null && key.getShort(key.position() + 2) == ABORT) {
                        aborting.remove(producerId);
                    }
                } else if (record.offset() >= nextOffset) {
                    take(record);
                }
            }
        }
    }

    private void take(StoredRecord record) {
        ByteBuffer value = record.value();
        if (value == null) {
            throw new AssertionError("a record without a value at " + record.offset());
        }
        long code = value.getLong(value.position());
        ledger.onRead(partition, record.offset(), code);
        codes.add(code);
    }
}
