package io.headrace.gateway.fanout;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.client.consume.ConsumedRecord;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

class FanoutReaderTest {
    private static final List<TopicPartition> PARTITIONS =
            List.of(
                    new TopicPartition("t", 0),
                    new TopicPartition("t", 1),
                    new TopicPartition("u", 0));

    private final ScheduledExecutorService loop = Executors.newSingleThreadScheduledExecutor();
    private final MemoryLog log = new MemoryLog(loop);

    /** Keeps so little that a reader who is late has to read by itself. */
    private final Fanout fanout =
            new Fanout(
                    log,
                    new FanoutOptions(
                            30_000,
                            60_000,
                            8_000,
                            Duration.ofMillis(200),
                            Duration.ofSeconds(30),
                            2,
                            Duration.ofMillis(5),
                            Duration.ofMillis(10),
                            Duration.ofMillis(100)),
                    FanoutMetrics.NONE,
                    loop);

    @AfterEach
    void end() {
        fanout.close();
        loop.shutdownNow();
    }

    private FanoutReader readerFromTheStart() {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        PARTITIONS.forEach(partition -> offsets.put(partition, 0L));
        return fanout.open(offsets);
    }

    /** Reads so many records, and checks that each comes once and in order. */
    private int readAll(Random random, int records) {
        Duration[] gathers = {Duration.ZERO, Duration.ofMillis(5), Duration.ofMillis(20)};
        Duration gather = gathers[random.nextInt(gathers.length)];
        boolean steady = random.nextBoolean();
        Map<TopicPartition, Long> expected = new HashMap<>();
        PARTITIONS.forEach(partition -> expected.put(partition, 0L));
        int read = 0;
        try (FanoutReader reader = readerFromTheStart()) {
            while (read < records) {
                int most = steady ? 1000 : 1 + random.nextInt(60);
                long mostBytes = steady ? 8_000 : 1 + random.nextInt(20_000);
                Delivery delivery =
                        Objects.requireNonNull(
                                reader.nextShared(most, mostBytes, Duration.ofSeconds(1), gather)
                                        .block(Duration.ofSeconds(20)));
                assertThat(delivery.records()).hasSizeLessThanOrEqualTo(most);
                assertThat(delivery.gaps()).isEmpty();
                for (ConsumedRecord record : delivery.records()) {
                    long next = expected.merge(record.topicPartition(), 1L, Long::sum);
                    assertThat(record.offset()).isEqualTo(next - 1);
                }
                delivery.places()
                        .forEach(
                                (partition, place) ->
                                        assertThat(place.nextOffset())
                                                .isEqualTo(expected.get(partition)));
                read += delivery.records().size();
                if (!steady && random.nextInt(10) == 0) {
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(40)));
                }
            }
        }
        return read;
    }

    @Test
    void everyReaderGetsEachRecordOnceAndInOrderHoweverItTakesThem() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("-Dseed=" + seed);
        Random random = new Random(seed);
        int records = 2000;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Integer>> reading = new ArrayList<>();
            for (int i = 0; i < records; i++) {
                if (i % 80 == 0) {
                    Random own = new Random(random.nextLong());
                    reading.add(threads.submit(() -> readAll(own, records)));
                }
                log.append(PARTITIONS.get(random.nextInt(PARTITIONS.size())), random.nextInt(200));
                LockSupport.parkNanos(random.nextInt(400_000));
            }
            for (Future<Integer> each : reading) {
                assertThat(each.get(30, TimeUnit.SECONDS)).isEqualTo(records);
            }
        }
    }

    @Test
    void readersAtOnePlaceShareDeliveriesOfWhatCameMeanwhile() throws Exception {
        int readers = 20;
        int records = 200;
        Set<Delivery> distinct = Collections.newSetFromMap(new IdentityHashMap<>());
        List<FanoutReader> open = new ArrayList<>();
        for (int i = 0; i < readers; i++) {
            open.add(readerFromTheStart());
        }
        int[] read = new int[readers];
        int deliveries = 0;
        for (int appended = 0; appended < records; ) {
            List<CompletableFuture<Delivery>> next = new ArrayList<>();
            for (FanoutReader reader : open) {
                next.add(
                        reader.nextShared(
                                        1000,
                                        1 << 16,
                                        Duration.ofSeconds(10),
                                        Duration.ofMillis(50))
                                .toFuture());
            }
            for (int i = 0; i < 20 && appended < records; i++, appended++) {
                log.append(PARTITIONS.get(appended % PARTITIONS.size()), 100);
            }
            for (int i = 0; i < readers; i++) {
                Delivery delivery = next.get(i).get(20, TimeUnit.SECONDS);
                distinct.add(delivery);
                deliveries++;
                read[i] += delivery.records().size();
            }
        }
        assertThat(distinct).hasSizeLessThan(deliveries / 2);
        for (int i = 0; i < readers; i++) {
            FanoutReader reader = open.get(i);
            while (read[i] < records) {
                read[i] +=
                        Objects.requireNonNull(
                                        reader.next(1000, 1 << 16, Duration.ofSeconds(10)).block())
                                .records()
                                .size();
            }
            assertThat(read[i]).isEqualTo(records);
            reader.close();
        }
    }

    private CompletableFuture<@Nullable Delivery> gather(
            FanoutReader reader, long bytes, Duration gather) {
        return reader.nextShared(1000, bytes, Duration.ofSeconds(50), gather).toFuture();
    }

    private static List<ConsumedRecord> recordsOf(CompletableFuture<@Nullable Delivery> answer)
            throws Exception {
        return Objects.requireNonNull(answer.get(60, TimeUnit.SECONDS)).records();
    }

    /** The first record for a reader that waits at the ends of its partitions. */
    private void readOneAfterSilence(FanoutReader reader, Duration gather) throws Exception {
        CompletableFuture<@Nullable Delivery> first = gather(reader, 1 << 16, gather);
        Eventually.until(
                Duration.ofSeconds(30),
                () -> fanout.feedCount() == PARTITIONS.size(),
                "the reader waits");
        awaitBeginningOf(gather.toMillis());
        log.append(PARTITIONS.getFirst(), 10);
        assertThat(recordsOf(first)).hasSize(1);
    }

    private static void awaitBeginningOf(long periodMs) {
        Eventually.until(
                Duration.ofSeconds(30),
                () -> nowMs() % periodMs < periodMs / 8,
                "a period has just begun");
    }

    @Test
    void aLoneRecordIsNotHeldUpButThoseThatFollowAreGathered() throws Exception {
        Duration gather = Duration.ofSeconds(4);
        try (FanoutReader reader = readerFromTheStart()) {
            readOneAfterSilence(reader, gather);
            long leftMs = gather.toMillis() - nowMs() % gather.toMillis();
            assertThat(leftMs)
                    .as("until the period ends, to which others are held")
                    .isGreaterThan(gather.toMillis() / 2);
            long beganMs = nowMs();
            CompletableFuture<@Nullable Delivery> next = gather(reader, 1 << 16, gather);
            for (TopicPartition partition : PARTITIONS) {
                log.append(partition, 10);
            }
            assertThat(recordsOf(next)).hasSize(PARTITIONS.size());
            assertThat(nowMs() - beganMs).isGreaterThanOrEqualTo(leftMs - 10);
        }
    }

    @Test
    void enoughRecordsAreNotHeldUp() throws Exception {
        Duration gather = Duration.ofSeconds(20);
        try (FanoutReader reader = readerFromTheStart()) {
            readOneAfterSilence(reader, gather);
            long beganMs = nowMs();
            CompletableFuture<@Nullable Delivery> next = gather(reader, 8_000, gather);
            log.append(PARTITIONS.getFirst(), 9_000);
            assertThat(recordsOf(next)).hasSize(1);
            assertThat(nowMs() - beganMs).isLessThan(gather.toMillis() / 2);
        }
    }

    private static long nowMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }

    @Test
    void aReaderWithoutRecordsIsAnsweredWhenItsTimeIsUpEachTime() {
        try (FanoutReader reader = readerFromTheStart()) {
            for (int i = 0; i < 5; i++) {
                Delivery delivery =
                        reader.next(10, 1000, Duration.ofMillis(30)).block(Duration.ofSeconds(10));
                assertThat(Objects.requireNonNull(delivery).records()).isEmpty();
            }
        }
    }
}
