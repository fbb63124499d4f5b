package io.headrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.client.FakeBroker.Fate;
import io.headrace.client.connection.ConnectionOptions;
import io.headrace.client.consume.Assignment;
import io.headrace.client.consume.Position;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.group.GroupOptions;
import io.headrace.client.group.Subscription;
import io.headrace.client.produce.Producer;
import io.headrace.client.produce.ProducerOptions;
import io.headrace.client.produce.ProducerRecord;
import io.headrace.testkit.random.Seeded;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import reactor.core.publisher.Mono;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/** The client against a node that loses connections, refuses batches, or is not there. */
@NullUnmarked // A missing answer fails the test as well as a check of it would.
class FailingBrokerTest {
    private static final Duration WAIT = Duration.ofSeconds(20);
    private static final int ANY_SIZE = Integer.MAX_VALUE;

    private static HeadraceClient client(String bootstrap, Duration operationTimeout) {
        return HeadraceClient.builder()
                .bootstrap(bootstrap)
                .connection(
                        ConnectionOptions.builder()
                                .operationTimeout(operationTimeout)
                                .retryBackoff(Duration.ofMillis(2))
                                .retryBackoffMax(Duration.ofMillis(10))
                                .reconnectBackoff(Duration.ofMillis(2))
                                .reconnectBackoffMax(Duration.ofMillis(10))
                                .build())
                .build();
    }

    /** Sends records in batches of about ten, all at once; the offsets that they got. */
    private static List<Long> send(FakeBroker broker, int count) {
        HeadraceClient client = client(broker.bootstrap(), WAIT);
        try {
            Producer producer =
                    client.producer(
                            ProducerOptions.builder()
                                    .batchBytes(200)
                                    .linger(Duration.ofMillis(1))
                                    .build());
            List<Mono<Long>> results = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Mono<Long> result =
                        producer.send(ProducerRecord.ofText(FakeBroker.TOPIC, "v" + i))
                                .map(stored -> stored.offset())
                                .cache();
                result.subscribe(offset -> {}, failure -> {});
                results.add(result);
            }
            List<Long> offsets = results.stream().map(result -> result.block(WAIT)).toList();
            producer.close().block(WAIT);
            return offsets;
        } finally {
            client.close().block(WAIT);
        }
    }

    private static void assertOnceInOrder(FakeBroker broker, List<Long> offsets) {
        List<String> wanted = IntStream.range(0, offsets.size()).mapToObj(i -> "v" + i).toList();
        assertThat(broker.values()).containsExactlyElementsOf(wanted);
        assertThat(offsets)
                .containsExactlyElementsOf(
                        IntStream.range(0, offsets.size()).mapToObj(i -> (long) i).toList());
    }

    private static Supplier<Fate> first(Fate... fates) {
        Queue<Fate> queue = new ArrayDeque<>(List.of(fates));
        return () -> queue.isEmpty() ? Fate.STORED : queue.remove();
    }

    @Test
    void storesOnceWhatWasLostBeforeAndAfterTheLog() {
        try (FakeBroker broker =
                new FakeBroker(
                        first(
                                Fate.LOST_BEFORE,
                                Fate.STORED,
                                Fate.LOST_AFTER,
                                Fate.STORED,
                                Fate.LOST_AFTER),
                        ANY_SIZE)) {
            assertOnceInOrder(broker, send(broker, 200));
        }
    }

    @Test
    void waitsForTheLeader() {
        try (FakeBroker broker =
                new FakeBroker(
                        first(Fate.NOT_LEADER, Fate.STORED, Fate.NOT_LEADER, Fate.NOT_LEADER),
                        ANY_SIZE)) {
            assertOnceInOrder(broker, send(broker, 200));
        }
    }

    /** A broker that knows nothing of a producer takes whatever batch comes first. */
    @Test
    void nothingOvertakesTheFirstBatchOfAProducer() {
        try (FakeBroker broker = new FakeBroker(first(Fate.NOT_LEADER, Fate.STORED), ANY_SIZE)) {
            assertOnceInOrder(broker, send(broker, 3000));
        }
    }

    @Test
    void splitsBatchesThatAreTooLarge() {
        try (FakeBroker broker = new FakeBroker(() -> Fate.STORED, 3)) {
            assertOnceInOrder(broker, send(broker, 100));
        }
    }

    @Seeded(runs = 5)
    void keepsOrderWithoutDuplicatesWhateverFails(RandomGenerator random) {
        Supplier<Fate> fates =
                () ->
                        random.nextInt(3) > 0
                                ? Fate.STORED
                                : List.of(Fate.values()).get(random.nextInt(5));
        try (FakeBroker broker = new FakeBroker(fates, 2 + random.nextInt(20))) {
            assertOnceInOrder(broker, send(broker, 300));
        }
    }

    @Test
    void anUnknownTopicFailsInTime() {
        try (FakeBroker broker = new FakeBroker(() -> Fate.STORED, ANY_SIZE)) {
            HeadraceClient client = client(broker.bootstrap(), Duration.ofMillis(300));
            assertThatThrownBy(
                            () ->
                                    client.consumer()
                                            .read(Assignment.topic("nowhere", Position.earliest()))
                                            .blockFirst(Duration.ofSeconds(5)))
                    .isInstanceOf(HeadraceException.class)
                    .hasMessageContaining("nowhere");
            client.close().block(WAIT);
        }
    }

    @Test
    void aBootstrapAddressThatIsNotThereFailsInTime() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        HeadraceClient client = client("127.0.0.1:" + port, Duration.ofMillis(300));
        assertThatThrownBy(() -> client.admin().listTopics().block(Duration.ofSeconds(5)))
                .isInstanceOf(HeadraceException.class)
                .hasMessageContaining(String.valueOf(port));
        GroupOptions group = GroupOptions.builder("g", Subscription.topics("t")).build();
        assertThatThrownBy(
                        () ->
                                client.groupConsumer(group)
                                        .records()
                                        .blockFirst(Duration.ofSeconds(5)))
                .isInstanceOf(HeadraceException.class)
                .hasMessageContaining(String.valueOf(port));
        client.close().block(WAIT);
    }
}
