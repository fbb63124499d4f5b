package io.headrace.gateway.fanout;

import io.headrace.client.HeadraceClient;
import io.headrace.client.consume.ConsumedRecord;
import io.headrace.client.consume.FetchOptions;
import io.headrace.client.consume.FetchedBatches;
import io.headrace.client.consume.FoundOffset;
import io.headrace.client.consume.IsolationLevel;
import io.headrace.client.consume.Position;
import io.headrace.protocol.batch.RecordHeader;

import org.apache.kafka.common.TopicPartition;

import reactor.core.publisher.Mono;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;

/** Reads partitions by the client, committed records only. */
public final class ClientPartitionLog implements PartitionLog {
    private static final int RECORD_OVERHEAD_BYTES = 160;

    private final HeadraceClient client;
    private final long maxDecompressedBytes;

    /**
     * @param maxDecompressedBytes the most bytes that one batch may decompress to
     */
    public ClientPartitionLog(HeadraceClient client, long maxDecompressedBytes) {
        this.client = client;
        this.maxDecompressedBytes = maxDecompressedBytes;
    }

    @Override
    public Mono<LogSlice> read(
            TopicPartition partition, long offset, int maxBytes, Duration maxWait) {
        FetchOptions options =
                new FetchOptions(maxBytes, 1, maxWait, IsolationLevel.READ_COMMITTED);
        return client.consumer()
                .fetch(partition, offset, options)
                .map(fetched -> decode(fetched, maxDecompressedBytes));
    }

    @Override
    public Mono<Bounds> bounds(TopicPartition partition) {
        return offset(partition, Position.earliest())
                .zipWith(offset(partition, Position.latest()), Bounds::new);
    }

    private Mono<Long> offset(TopicPartition partition, Position position) {
        return client.consumer()
                .offsets(Map.of(partition, position))
                .map(found -> Objects.requireNonNull(found.get(partition)))
                .map(FoundOffset::offset);
    }

    /** The records of an answer. */
    static LogSlice decode(FetchedBatches fetched, long maxDecompressedBytes) {
        FetchedBatches.Decoded decoded = fetched.decode(maxDecompressedBytes);
        long size = 0;
        for (ConsumedRecord record : decoded.records()) {
            size += sizeOf(record);
        }
        long end =
                fetched.lastStableOffset() >= 0
                        ? fetched.lastStableOffset()
                        : fetched.highWatermark();
        return new LogSlice(
                fetched.fetchOffset(),
                decoded.records(),
                Math.max(decoded.nextOffset(), fetched.fetchOffset()),
                fetched.logStartOffset(),
                end,
                size);
    }

    /** What a record takes in memory, about. */
    static int sizeOf(ConsumedRecord record) {
        int size = RECORD_OVERHEAD_BYTES;
        if (record.key() != null) {
            size += record.key().remaining();
        }
        if (record.value() != null) {
            size += record.value().remaining();
        }
        for (RecordHeader header : record.headers()) {
            byte[] value = header.value();
            size += 80 + header.key().length() + (value == null ? 0 : value.length);
        }
        return size;
    }
}
