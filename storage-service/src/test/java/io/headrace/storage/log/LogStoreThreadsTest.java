package io.headrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Goal: with real loops, I/O threads and group commit, every append is reported flushed. */
final class LogStoreThreadsTest {
    private static final int LOGS = 8;
    private static final int APPENDS = 200;

    @TempDir Path directory;

    @Test
    void manyLogsShareFewDeviceFlushes() throws Exception {
        try (ExecutorService loop = Executors.newSingleThreadExecutor();
                ExecutorService io = Executors.newFixedThreadPool(3)) {
            LogRuntime runtime =
                    new LogRuntime(
                            io,
                            id -> loop,
                            System::currentTimeMillis,
                            new SplittableRandom(1),
                            () -> "boot-1");
            LogStoreProperties properties =
                    LogStoreProperties.of(List.of(directory), "cluster-a", 1);
            LogConfig config = LogConfig.of(Map.of("segment.bytes", "1048576"));
            CountDownLatch flushed = new CountDownLatch(LOGS);
            AtomicLong reports = new AtomicLong();
            try (LogStore store =
                    LogStore.open(
                            properties, runtime, topic -> config, (done, total, read) -> {})) {
                for (int i = 0; i < LOGS; i++) {
                    PartitionLog log = store.openOrCreate(id(i), config).get(10, TimeUnit.SECONDS);
                    loop.execute(() -> listen(log, flushed, reports));
                }
                for (int n = 0; n < APPENDS; n++) {
                    for (int i = 0; i < LOGS; i++) {
                        PartitionLog log = Objects.requireNonNull(store.find(id(i)));
                        loop.execute(() -> append(log));
                    }
                }
                assertThat(flushed.await(60, TimeUnit.SECONDS)).isTrue();
                assertThat(reports.get()).isLessThan((long) LOGS * APPENDS);
                assertThat(store.takeFlushSamples().values())
                        .singleElement()
                        .satisfies(sample -> assertThat(sample.count()).isPositive());
            }
            try (LogStore store =
                    LogStore.open(
                            properties, runtime, topic -> config, (done, total, read) -> {})) {
                assertThat(store.logs()).hasSize(LOGS);
                for (PartitionLog log : store.logs()) {
                    assertThat(log.logEndOffset()).isEqualTo(APPENDS);
                    assertThat(log.unclean()).isEmpty();
                    assertThat(LogFixture.readOffsets(log)).hasSize(APPENDS);
                }
            }
        }
    }

    private static TopicIdPartition id(int partition) {
        return new TopicIdPartition(LogFixture.TOPIC_ID, new TopicPartition("orders", partition));
    }

    private static void append(PartitionLog log) {
        log.append(LogFixture.batch(1, 10_000, 1), 0, AppendOrigin.CLIENT, 1);
        log.requestFlush();
    }

    private static void listen(PartitionLog log, CountDownLatch flushed, AtomicLong reports) {
        log.listen(
                new LogListener() {
                    @Override
                    public void onFlushed(PartitionLog of, long flushedOffset) {
                        reports.incrementAndGet();
                        if (flushedOffset == APPENDS) {
                            flushed.countDown();
                        }
                    }

                    @Override
                    public void onOffline(PartitionLog of, Throwable cause) {
                        throw new IllegalStateException(cause);
                    }
                });
    }
}
