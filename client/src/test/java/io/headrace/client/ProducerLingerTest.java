package io.headrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.client.FakeBroker.Fate;
import io.headrace.client.produce.Producer;
import io.headrace.client.produce.ProducerOptions;
import io.headrace.client.produce.ProducerRecord;

import org.junit.jupiter.api.Test;

import reactor.core.publisher.Mono;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** How long records wait for others. */
class ProducerLingerTest {
    private static final Duration WAIT = Duration.ofSeconds(30);
    private static final int RECORDS = 20;
    private static final Duration LINGER = Duration.ofMillis(100);

    private interface Sending {
        void by(Producer producer);
    }

    private static Duration timed(ProducerOptions options, Sending sending) {
        try (FakeBroker broker = new FakeBroker(() -> Fate.STORED, Integer.MAX_VALUE)) {
            HeadraceClient client = HeadraceClient.builder().bootstrap(broker.bootstrap()).build();
            try {
                Producer producer = client.producer(options);
                send(producer).block(WAIT); // connects, and gets its producer id
                long begun = System.nanoTime();
                sending.by(producer);
                return Duration.ofNanos(System.nanoTime() - begun);
            } finally {
                client.close().block(WAIT);
            }
        }
    }

    private static Mono<?> send(Producer producer) {
        return producer.send(ProducerRecord.ofText(FakeBroker.TOPIC, "value"));
    }

    private static void oneAfterTheOther(Producer producer) {
        for (int i = 0; i < RECORDS; i++) {
            send(producer).block(WAIT);
        }
    }

    @Test
    void aLoneRecordIsSentAtOnce() {
        Duration lingering =
                timed(
                        ProducerOptions.builder().linger(LINGER).build(),
                        ProducerLingerTest::oneAfterTheOther);
        Duration standard = timed(ProducerOptions.defaults(), ProducerLingerTest::oneAfterTheOther);

        // Each of the lingering ones waits; the clock of batches counts whole milliseconds.
        assertThat(lingering).isGreaterThan(LINGER.minusMillis(1).multipliedBy(RECORDS - 1));
        assertThat(standard).isLessThan(lingering);
    }

    @Test
    void recordsThatComeWhileOneIsUnderWayGoTogether() {
        List<Mono<?>> sent = new ArrayList<>();
        try (FakeBroker broker = new FakeBroker(() -> Fate.STORED, Integer.MAX_VALUE)) {
            HeadraceClient client = HeadraceClient.builder().bootstrap(broker.bootstrap()).build();
            try {
                Producer producer = client.producer(ProducerOptions.defaults());
                for (int i = 0; i < 1000; i++) {
                    Mono<?> one = send(producer).cache();
                    one.subscribe(stored -> {}, failure -> {});
                    sent.add(one);
                }
                sent.forEach(one -> one.block(WAIT));
                assertThat(producer.metrics().requests()).isLessThan(500);
            } finally {
                client.close().block(WAIT);
            }
        }
    }
}
