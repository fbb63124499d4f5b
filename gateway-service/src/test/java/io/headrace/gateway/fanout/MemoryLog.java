package io.headrace.gateway.fanout;

import io.headrace.client.consume.ConsumedRecord;
import io.headrace.protocol.batch.TimestampType;

import org.apache.kafka.common.TopicPartition;

import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Logs in memory that are read as those of a cluster are. */
final class MemoryLog implements PartitionLog {
    private final ScheduledExecutorService timer;
    private final Map<TopicPartition, List<ConsumedRecord>> logs = new HashMap<>();
    private final Map<TopicPartition, List<Runnable>> parked = new HashMap<>();

    MemoryLog(ScheduledExecutorService timer) {
        this.timer = timer;
    }

    void append(TopicPartition partition, int valueBytes) {
        List<Runnable> woken;
        synchronized (this) {
            List<ConsumedRecord> log = log(partition);
            log.add(
                    new ConsumedRecord(
                            partition,
                            log.size(),
                            0,
                            1000,
                            TimestampType.CREATE_TIME,
                            null,
                            ByteBuffer.wrap(new byte[valueBytes]),
                            List.of()));
            woken = parked.getOrDefault(partition, List.of());
            parked.remove(partition);
        }
        woken.forEach(Runnable::run);
    }

    private List<ConsumedRecord> log(TopicPartition partition) {
        return logs.computeIfAbsent(partition, p -> new ArrayList<>());
    }

    @Override
    public Mono<LogSlice> read(
            TopicPartition partition, long offset, int maxBytes, Duration maxWait) {
        return Mono.create(
                sink -> {
                    synchronized (this) {
                        if (log(partition).size() <= offset && !maxWait.isZero()) {
                            Runnable answer = () -> answer(partition, offset, maxBytes, sink);
                            parked.computeIfAbsent(partition, p -> new ArrayList<>()).add(answer);
                            timer.schedule(answer, maxWait.toMillis(), TimeUnit.MILLISECONDS);
                            return;
                        }
                    }
                    answer(partition, offset, maxBytes, sink);
                });
    }

    private void answer(
            TopicPartition partition, long offset, int maxBytes, MonoSink<LogSlice> sink) {
        LogSlice slice;
        synchronized (this) {
            List<ConsumedRecord> log = log(partition);
            List<ConsumedRecord> records = new ArrayList<>();
            long bytes = 0;
            for (int at = (int) offset; at < log.size() && bytes < maxBytes; at++) {
                records.add(log.get(at));
                bytes += ClientPartitionLog.sizeOf(log.get(at));
            }
            slice = new LogSlice(offset, records, offset + records.size(), 0, log.size(), bytes);
        }
        // Later answers of the same read are dropped by the sink.
        sink.success(slice);
    }

    @Override
    public synchronized Mono<Bounds> bounds(TopicPartition partition) {
        return Mono.just(new Bounds(0, log(partition).size()));
    }
}
