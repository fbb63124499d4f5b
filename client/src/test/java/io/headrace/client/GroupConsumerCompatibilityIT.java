package io.headrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.client.admin.GroupDescription;
import io.headrace.client.admin.NewTopic;
import io.headrace.client.admin.Outcome;
import io.headrace.client.consume.CommittedOffset;
import io.headrace.client.consume.ConsumedRecord;
import io.headrace.client.consume.OutOfRangePolicy;
import io.headrace.client.consume.Position;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.group.Assignor;
import io.headrace.client.group.GroupConsumer;
import io.headrace.client.group.GroupOptions;
import io.headrace.client.group.RebalanceListener;
import io.headrace.client.group.Subscription;
import io.headrace.client.produce.Producer;
import io.headrace.client.produce.ProducerRecord;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Members of consumer groups against Apache Kafka, some of them Kafka's own consumers. */
@NullUnmarked // A missing answer fails the test as well as a check of it would.
class GroupConsumerCompatibilityIT {
    private static final Duration WAIT = Duration.ofSeconds(30);
    private static final int PARTITIONS = 6;

    private static KafkaCluster cluster;
    private static HeadraceClient client;
    private static Producer producer;

    private final String topic = "g-" + UUID.randomUUID();
    private final String group = "group-" + UUID.randomUUID();

    @BeforeAll
    static void start() throws Exception {
        cluster = KafkaCluster.shared();
        client = HeadraceClient.builder().bootstrap(cluster.bootstrap()).clientId("it").build();
        producer = client.producer();
    }

    @AfterAll
    static void stop() {
        client.close().block(WAIT);
    }

    private void createTopic() {
        client.admin().createTopic(NewTopic.of(topic, PARTITIONS)).block(WAIT);
    }

    private void produce(int from, int to) {
        for (int i = from; i < to; i++) {
            producer.send(ProducerRecord.ofText(topic, "k" + i, "v" + i)).block(WAIT);
        }
    }

    private static List<String> values(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "v" + i).toList();
    }

    private GroupOptions.Builder options() {
        return GroupOptions.builder(group, Subscription.topics(topic))
                .startAt(OutOfRangePolicy.EARLIEST)
                .heartbeatInterval(Duration.ofMillis(200))
                .autoCommit(false);
    }

    /** A member that keeps what it gets. */
    private static final class Member {
        private final GroupConsumer consumer;
        private final Queue<ConsumedRecord> records = new ConcurrentLinkedQueue<>();
        private final AtomicReference<Throwable> failure = new AtomicReference<>();
        private final Disposable flow;

        Member(GroupOptions options) {
            consumer = client.groupConsumer(options);
            flow = consumer.records().subscribe(records::add, failure::set);
        }

        List<String> values() {
            return records.stream().map(ConsumedRecord::valueText).toList();
        }

        Member await(List<String> wanted) {
            Eventually.passes(
                    WAIT,
                    () -> {
                        assertThat(failure.get()).isNull();
                        assertThat(values()).containsExactlyInAnyOrderElementsOf(wanted);
                    },
                    "the member's records");
            return this;
        }

        void close() {
            consumer.close().block(WAIT);
        }
    }

    /** A member of Kafka's making, polled by a thread of its own. */
    private static final class KafkaMember implements AutoCloseable {
        private final Thread thread;
        private volatile boolean closing;
        private volatile Set<TopicPartition> assignment = Set.of();
        private final Queue<String> values = new ConcurrentLinkedQueue<>();

        KafkaMember(String group, String topic, String assignor) {
            Map<String, Object> config =
                    Map.of(
                            "bootstrap.servers",
                            cluster.bootstrap(),
                            "group.id",
                            group,
                            "auto.offset.reset",
                            "earliest",
                            "heartbeat.interval.ms",
                            "200",
                            "partition.assignment.strategy",
                            "org.apache.kafka.clients.consumer." + assignor);
            KafkaConsumer<String, String> consumer =
                    new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
            consumer.subscribe(List.of(topic));
            thread = Thread.ofPlatform().start(() -> poll(consumer));
        }

        private void poll(KafkaConsumer<String, String> consumer) {
            try (consumer) {
                while (!closing) {
                    consumer.poll(Duration.ofMillis(100)).forEach(r -> values.add(r.value()));
                    assignment = Set.copyOf(consumer.assignment());
                }
            }
        }

        @Override
        public void close() {
            closing = true;
            Eventually.until(WAIT, () -> !thread.isAlive(), "Kafka's member has left");
        }
    }

    private Set<TopicPartition> allPartitions() {
        Set<TopicPartition> all = new HashSet<>();
        IntStream.range(0, PARTITIONS).forEach(i -> all.add(new TopicPartition(topic, i)));
        return all;
    }

    private void awaitAll(Member member) {
        Eventually.passes(
                WAIT,
                () -> {
                    assertThat(member.failure.get()).isNull();
                    assertThat(member.consumer.assignment()).isEqualTo(allPartitions());
                },
                "all partitions on one member");
    }

    @ParameterizedTest
    @CsvSource({
        "RANGE, RangeAssignor, true",
        "RANGE, RangeAssignor, false",
        "ROUND_ROBIN, RoundRobinAssignor, true",
        "COOPERATIVE_STICKY, CooperativeStickyAssignor, true",
        "COOPERATIVE_STICKY, CooperativeStickyAssignor, false"
    })
    void sharesAGroupWithKafkasConsumer(Assignor ours, String theirs, boolean weLead) {
        createTopic();
        GroupOptions options = options().assignors(List.of(ours)).autoCommit(true).build();
        Member member = weLead ? new Member(options) : null;
        if (weLead) {
            awaitAll(member);
        }
        KafkaMember kafka = new KafkaMember(group, topic, theirs);
        if (!weLead) {
            Eventually.until(
                    WAIT, () -> kafka.assignment.equals(allPartitions()), "all with Kafka's");
            member = new Member(options);
        }
        Member one = member;
        awaitHalves(one, kafka);

        produce(0, 60);
        Eventually.passes(
                WAIT,
                () -> {
                    List<String> both = new ArrayList<>(one.values());
                    both.addAll(kafka.values);
                    assertThat(both).containsExactlyInAnyOrderElementsOf(values(0, 60));
                },
                "each record once");
        kafka.close();
        awaitAll(one);
        produce(60, 80);
        Eventually.passes(
                WAIT, () -> assertThat(one.values()).containsAll(values(60, 80)), "the rest");
        try (KafkaMember next = new KafkaMember(group, topic, theirs)) {
            awaitHalves(one, next);
            one.close();
            Eventually.until(
                    WAIT, () -> next.assignment.equals(allPartitions()), "all with Kafka's");
            produce(80, 90);
            Eventually.passes(
                    WAIT,
                    () ->
                            assertThat(next.values)
                                    .containsExactlyInAnyOrderElementsOf(values(80, 90)),
                    "only what no one had read");
        }
    }

    private void awaitHalves(Member member, KafkaMember kafka) {
        Eventually.passes(
                WAIT,
                () -> {
                    Set<TopicPartition> ours = member.consumer.assignment();
                    assertThat(member.failure.get()).isNull();
                    assertThat(ours)
                            .hasSize(PARTITIONS / 2)
                            .doesNotContainAnyElementsOf(kafka.assignment);
                    assertThat(kafka.assignment).hasSize(PARTITIONS / 2);
                },
                "half the partitions each");
    }

    @Test
    void goesOnWhereTheLastMemberCommittedByHand() {
        createTopic();
        produce(0, 30);
        Member first = new Member(options().build()).await(values(0, 30));
        first.consumer.commit().block(WAIT);
        produce(30, 40);
        first.await(values(0, 40)); // The last ten are not committed.
        first.close();

        Member second = new Member(options().build()).await(values(30, 40));
        ConsumedRecord read = second.records.peek();
        second.consumer.commit(read).block(WAIT);
        assertThat(read.leaderEpoch()).isNotNegative();
        assertThat(second.consumer.committed(Set.of(read.topicPartition())).block(WAIT))
                .containsEntry(
                        read.topicPartition(),
                        new CommittedOffset(read.offset() + 1, read.leaderEpoch(), ""));
        second.close();
    }

    @Test
    void commitsByItselfWhenItClosesOrIsCancelled() {
        createTopic();
        produce(0, 30);
        Member first = new Member(options().autoCommit(true).build()).await(values(0, 30));
        first.close();
        assertThat(first.flow.isDisposed()).isTrue();

        produce(30, 60);
        GroupConsumer second = client.groupConsumer(options().autoCommit(true).build());
        List<String> some =
                second.records().take(7).map(ConsumedRecord::valueText).collectList().block(WAIT);
        second.close().block(WAIT);
        List<String> rest = new ArrayList<>(values(30, 60));
        assertThat(rest.removeAll(some)).isTrue();
        assertThat(rest).hasSize(23);
        Member third = new Member(options().build()).await(rest);
        third.close();
    }

    @Test
    void commitsByItselfNowAndThen() {
        createTopic();
        Member member =
                new Member(
                        options()
                                .autoCommit(true)
                                .autoCommitInterval(Duration.ofMillis(100))
                                .build());
        awaitAll(member);
        produce(0, 20);
        member.await(values(0, 20));
        Eventually.passes(
                WAIT,
                () -> {
                    var lag = client.admin().lag(group).block(WAIT);
                    assertThat(lag.total()).isZero();
                    assertThat(
                                    lag.partitions().values().stream()
                                            .mapToLong(p -> p.committed().offset())
                                            .sum())
                            .isEqualTo(20);
                },
                "an automatic commit");
        member.close();
    }

    @Test
    void leavesTheGroupOnClose() {
        createTopic();
        Member member = new Member(options().sessionTimeout(Duration.ofMinutes(5)).build());
        awaitAll(member);
        assertThat(describe().members()).hasSize(1);
        assertThat(describe().members().getFirst().memberId())
                .isEqualTo(member.consumer.memberId());
        member.close();
        assertThat(describe().state()).isEqualTo("Empty");
        assertThat(describe().members()).isEmpty();
    }

    private GroupDescription describe() {
        Outcome<GroupDescription> outcome =
                client.admin().describeGroups(List.of(group)).block(WAIT).get(group);
        return outcome.orThrow();
    }

    @Test
    void staticMembersComeBackWithoutARebalance() {
        createTopic();
        Queue<String> changes = new ConcurrentLinkedQueue<>();
        RebalanceListener listener =
                new RebalanceListener() {
                    @Override
                    public Mono<Void> onAssigned(Set<TopicPartition> partitions) {
                        return Mono.fromRunnable(() -> changes.add("+" + partitions.size()));
                    }

                    @Override
                    public Mono<Void> onRevoked(Set<TopicPartition> partitions) {
                        return Mono.fromRunnable(() -> changes.add("-" + partitions.size()));
                    }
                };
        Member stays = new Member(options().instanceId("one").listener(listener).build());
        awaitAll(stays);
        Member goes = new Member(options().instanceId("two").build());
        Eventually.until(WAIT, () -> stays.consumer.assignment().size() == 3, "half to the other");
        Eventually.until(WAIT, () -> goes.consumer.assignment().size() == 3, "half to the other");
        Eventually.until(WAIT, () -> changes.contains("+3"), "the listener has heard of it");
        Set<TopicPartition> before = goes.consumer.assignment();
        String oldId = goes.consumer.memberId();
        List<String> told = List.copyOf(changes);
        goes.close();

        Member back = new Member(options().instanceId("two").build());
        Eventually.until(WAIT, () -> !back.consumer.assignment().isEmpty(), "its partitions again");
        assertThat(back.consumer.assignment()).isEqualTo(before);
        assertThat(back.consumer.memberId()).isNotEqualTo(oldId);
        assertThat(changes).containsExactlyElementsOf(told);

        Member twin = new Member(options().instanceId("two").build());
        Eventually.until(WAIT, () -> back.failure.get() != null, "the older twin is fenced");
        assertThat(back.failure.get())
                .isInstanceOfSatisfying(
                        HeadraceException.class,
                        e -> assertThat(e.error()).isEqualTo(Errors.FENCED_INSTANCE_ID));
        twin.close();
        stays.close();
    }

    @Test
    void seeksWithinItsAssignment() {
        createTopic();
        produce(0, 12);
        Member member = new Member(options().build()).await(values(0, 12));
        ConsumedRecord again = member.records.peek();
        List<String> ofItsPartition =
                member.records.stream()
                        .filter(r -> r.topicPartition().equals(again.topicPartition()))
                        .map(ConsumedRecord::valueText)
                        .toList();
        member.records.clear();
        member.consumer.seek(again.topicPartition(), Position.earliest()).block(WAIT);
        member.await(ofItsPartition);
        assertThatThrownBy(
                        () ->
                                member.consumer
                                        .seek(new TopicPartition("other", 0), Position.latest())
                                        .block(WAIT))
                .hasMessageContaining("other-0 is not assigned");
        member.close();
    }

    @Test
    void seeksFromTheListenerBeforeTheFirstRecord() {
        createTopic();
        produce(0, 12);
        AtomicReference<GroupConsumer> self = new AtomicReference<>();
        RebalanceListener toTheEnd =
                new RebalanceListener() {
                    @Override
                    public Mono<Void> onAssigned(Set<TopicPartition> partitions) {
                        return Flux.fromIterable(partitions)
                                .concatMap(p -> self.get().seek(p, Position.latest()))
                                .then();
                    }
                };
        GroupConsumer consumer = client.groupConsumer(options().listener(toTheEnd).build());
        self.set(consumer);
        Queue<String> read = new ConcurrentLinkedQueue<>();
        consumer.records().map(ConsumedRecord::valueText).subscribe(read::add);
        Eventually.until(WAIT, () -> consumer.assignment().size() == PARTITIONS, "assigned");
        Eventually.passes(
                WAIT,
                () -> {
                    producer.send(ProducerRecord.ofText(topic, "new")).block(WAIT);
                    assertThat(read).isNotEmpty().containsOnly("new");
                },
                "what comes after the end");
        consumer.close().block(WAIT);
    }

    @Test
    void failsWhenTheGroupAcceptsNoneOfItsAssignors() {
        createTopic();
        try (KafkaMember kafka = new KafkaMember(group, topic, "RoundRobinAssignor")) {
            Eventually.until(WAIT, () -> !kafka.assignment.isEmpty(), "Kafka's member is in");
            GroupConsumer consumer =
                    client.groupConsumer(options().assignors(List.of(Assignor.RANGE)).build());
            assertThatThrownBy(() -> consumer.records().blockLast(WAIT))
                    .isInstanceOfSatisfying(
                            HeadraceException.class,
                            e ->
                                    assertThat(e.error())
                                            .isEqualTo(Errors.INCONSISTENT_GROUP_PROTOCOL));
            consumer.close().block(WAIT);
        }
    }

    @Test
    void commitsNothingForPartitionsOfOthers() {
        createTopic();
        Member member = new Member(options().build());
        awaitAll(member);
        assertThatThrownBy(
                        () ->
                                member.consumer
                                        .commit(
                                                Map.of(
                                                        new TopicPartition("other", 0),
                                                        CommittedOffset.of(1)))
                                        .block(WAIT))
                .hasMessageContaining("does not own");
        member.close();
    }

    @Test
    void picksUpTopicsThatComeLater() {
        GroupOptions options =
                GroupOptions.builder(group, Subscription.matching(Pattern.compile(topic + ".*")))
                        .startAt(OutOfRangePolicy.EARLIEST)
                        .build();
        Member matching = new Member(options);
        Member named =
                new Member(
                        GroupOptions.builder(group + "-named", Subscription.topics(topic))
                                .startAt(OutOfRangePolicy.EARLIEST)
                                .build());
        Eventually.until(WAIT, () -> !matching.consumer.memberId().isEmpty(), "it is in");
        createTopic();
        produce(0, 6);
        matching.await(values(0, 6));
        named.await(values(0, 6));
        client.admin().createPartitions(Map.of(topic, PARTITIONS + 1)).block(WAIT);
        Eventually.until(
                WAIT,
                () -> matching.consumer.assignment().size() == PARTITIONS + 1,
                "the new partition");
        assertThat(new TreeSet<>(matching.values()))
                .containsExactlyElementsOf(new TreeSet<>(values(0, 6)));
        matching.close();
        named.close();
    }
}
