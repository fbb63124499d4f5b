package io.headrace.storage.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.protocol.metadata.record.TopicRecord;
import io.headrace.storage.log.AppendOrigin;
import io.headrace.storage.log.LogConfig;
import io.headrace.storage.log.LogRuntime;
import io.headrace.storage.log.LogStore;
import io.headrace.storage.log.LogStoreProperties;
import io.headrace.storage.metrics.DataMetrics;
import io.headrace.storage.partition.LeaderFeed;
import io.headrace.storage.partition.Partition;
import io.headrace.storage.partition.PartitionSurroundings;
import io.headrace.storage.partition.Partitions;
import io.headrace.storage.repair.LogRepairer;
import io.headrace.storage.repair.Peers;
import io.headrace.testkit.clock.ManualLoop;
import io.headrace.testkit.disk.SimulatedDisk;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.Loops;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/** Goal: a fetch whose partitions three loops own, on loops that turn when the test says so. */
class FetchOperationTest {
    private static final Uuid ORDERS = new Uuid(7, 11);
    private static final int NODE = 1;
    private static final long NODE_EPOCH = 10;
    private static final int PARTITIONS = 12;
    private static final int MAX_WAIT_MS = 500;

    private final ManualLoop time = new ManualLoop(0);
    private final TurnedLoop home = new TurnedLoop();
    private final TurnedLoop grown = new TurnedLoop();
    private final TurnedLoop busy = new TurnedLoop();
    private final List<TurnedLoop> loops = List.of(home, grown, busy);
    private final List<FetchResponseData> answers = new ArrayList<>();
    private int answerBytes = AnswerSize.UNBOUNDED;
    private TurnedLoop turning = home;
    private MetadataImage image = MetadataImage.EMPTY;
    private Partitions partitions;
    private FetchService fetches;

    @BeforeEach
    void start() throws IOException {
        Loops all =
                new Loops() {
                    @Override
                    public int size() {
                        return loops.size();
                    }

                    @Override
                    public Loop at(int index) {
                        return loops.get(index);
                    }
                };
        LogStore store =
                LogStore.open(
                        LogStoreProperties.of(
                                List.of(SimulatedDisk.withSeed(1).path("/data")),
                                "cluster-a",
                                NODE),
                        new LogRuntime(
                                Runnable::run,
                                id -> Partitions.ownerOf(all, id),
                                time::nowMs,
                                new SplittableRandom(1),
                                () -> "boot-1",
                                Runnable::run),
                        topic -> LogConfig.of(Map.of()),
                        (done, total, read) -> {});
        partitions =
                new Partitions(
                        new PartitionSurroundings(
                                NODE,
                                10_000,
                                Runnable::run,
                                time::nowMs,
                                time::nowMs,
                                LeaderFeed.NONE,
                                (asker, proposal) -> {}),
                        all,
                        store,
                        Map.of("flush.policy", "page-cache"));
        image =
                MetadataImage.EMPTY.applyAll(
                        List.of(new TopicRecord().setName("orders").setTopicId(ORDERS)), 1);
        image =
                image.applyAll(
                        IntStream.range(0, PARTITIONS).mapToObj(FetchOperationTest::led).toList(),
                        1 + PARTITIONS);
        partitions.apply(image, Set.of(ORDERS), NODE_EPOCH);
        turnAll();
        fetches =
                new FetchService(
                        all,
                        partitions,
                        () -> image,
                        new ColdReads(Runnable::run, 1 << 20),
                        new LogRepairer(
                                id -> null, new NoPeers(), Runnable::run, home, time::nowMs),
                        new DataMetrics(),
                        time::nowMs,
                        1 << 20,
                        new SplittableRandom(1));
    }

    private static PartitionRecord led(int partition) {
        PartitionRecord.IsrMember itself =
                new PartitionRecord.IsrMember().setNodeId(NODE).setNodeEpoch(NODE_EPOCH);
        return new PartitionRecord()
                .setTopicId(ORDERS)
                .setPartitionId(partition)
                .setReplicas(List.of(NODE, NODE + 1))
                .setIsr(List.of(itself))
                .setLeader(NODE)
                .setLeaderNodeEpoch(NODE_EPOCH);
    }

    private static final class NoPeers implements Peers {
        @Override
        public boolean hasOthers(TopicIdPartition id) {
            return false;
        }

        @Override
        public CompletableFuture<ByteBuffer> read(TopicIdPartition id, long offset) {
            return CompletableFuture.failedFuture(new IOException("no peers"));
        }
    }

    /** A loop with its own queue; a task runs when this loop is turned. */
    private final class TurnedLoop implements Loop {
        private final Deque<Runnable> tasks = new ArrayDeque<>();

        @Override
        public boolean inLoop() {
            return turning == this;
        }

        @Override
        public void execute(Runnable task) {
            tasks.add(task);
        }

        @Override
        public ScheduledTask schedule(Runnable task, long delayMs) {
            ManualLoop.Scheduled scheduled =
                    time.after(Duration.ofMillis(delayMs), () -> tasks.add(task));
            return scheduled::cancel;
        }

        boolean turn() {
            boolean ran = false;
            TurnedLoop before = turning;
            turning = this;
            for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                task.run();
                ran = true;
            }
            turning = before;
            return ran;
        }
    }

    private void turnAll() {
        turn(home, grown, busy);
    }

    /** Turns these, and no others, until they have nothing to do. */
    private static void turn(TurnedLoop... turned) {
        boolean ran = true;
        while (ran) {
            ran = false;
            for (TurnedLoop loop : turned) {
                ran |= loop.turn();
            }
        }
    }

    /** The first partition that the loop owns. */
    private Partition on(TurnedLoop owner) {
        return IntStream.range(0, PARTITIONS)
                .mapToObj(i -> Objects.requireNonNull(partitions.find(ORDERS, i)))
                .filter(partition -> partition.loop().equals(owner))
                .findFirst()
                .orElseThrow();
    }

    private void fetch(int minBytes, long offsetOnGrown) {
        List<FetchPartition> asked = new ArrayList<>();
        for (TurnedLoop loop : loops) {
            asked.add(
                    new FetchPartition()
                            .setPartition(on(loop).id().partition())
                            .setFetchOffset(loop.equals(grown) ? offsetOnGrown : 0)
                            .setCurrentLeaderEpoch(0)
                            .setPartitionMaxBytes(1 << 20));
        }
        FetchRequestData request =
                new FetchRequestData()
                        .setMaxWaitMs(MAX_WAIT_MS)
                        .setMinBytes(minBytes)
                        .setMaxBytes(1 << 20)
                        .setSessionEpoch(-1)
                        .setTopics(
                                List.of(new FetchTopic().setTopicId(ORDERS).setPartitions(asked)));
        fetches.fetch(
                new FetchService.Call(
                        request,
                        true,
                        -1,
                        -1,
                        answerBytes,
                        home,
                        () -> false,
                        whenGone -> {},
                        answers::add));
    }

    private void append(TurnedLoop owner) {
        owner.execute(
                () ->
                        on(owner)
                                .append(
                                        BatchBuilder.growing()
                                                .append(1L, null, new byte[] {1}, List.of())
                                                .build(),
                                        AppendOrigin.CLIENT));
    }

    private PartitionData answered(TurnedLoop owner) {
        return answers.getLast().responses().getFirst().partitions().stream()
                .filter(data -> data.partitionIndex() == on(owner).id().partition())
                .findFirst()
                .orElseThrow();
    }

    private int answeredBytes(TurnedLoop owner) {
        return ((RecordsField) Objects.requireNonNull(answered(owner).records())).sizeInBytes();
    }

    /** Going round all loops cost two hand-overs between threads a record. */
    @Test
    void theLoopWhosePartitionGrewAnswersWithoutTheOthers() {
        fetch(1, 0);
        turnAll();
        assertThat(answers).isEmpty();
        append(grown);
        turn(grown, home);
        assertThat(answers).hasSize(1);
        assertThat(answeredBytes(grown)).isPositive();
        assertThat(answered(grown).highWatermark()).isEqualTo(1);
        for (TurnedLoop other : List.of(home, busy)) {
            assertThat(answered(other).errorCode()).isEqualTo(Errors.NONE.code());
            assertThat(answered(other).highWatermark()).isZero();
            assertThat(answeredBytes(other)).isZero();
        }
    }

    @Test
    void whatGrewElsewhereMeanwhileIsInTheNextAnswer() {
        fetch(1, 0);
        turnAll();
        append(grown);
        append(busy);
        turn(grown, home);
        assertThat(answers).hasSize(1);
        fetch(1, 1);
        turnAll();
        assertThat(answers).hasSize(2);
        assertThat(answeredBytes(busy)).isPositive();
        assertThat(answeredBytes(grown)).isZero();
    }

    /** Of two partitions, on two loops, that have enough together, one of them alone has not. */
    @Test
    void bytesThatAreTooFewWaitForThoseOfOtherLoops() {
        append(grown);
        turnAll();
        fetch(1, 0);
        turnAll();
        int one = answeredBytes(grown);
        assertThat(one).isPositive();
        answers.clear();
        fetch(2 * one, 0);
        turnAll();
        assertThat(answers).isEmpty();
        append(busy);
        turnAll();
        assertThat(answers).hasSize(1);
        assertThat(answeredBytes(grown)).isEqualTo(one);
        assertThat(answeredBytes(busy)).isEqualTo(one);
    }

    @Test
    void smallAnswersServeEveryPartitionInTurn() {
        loops.forEach(this::append);
        turnAll();
        answerBytes = 1; // one batch, since one is always answered
        Set<TurnedLoop> served = new HashSet<>();
        for (int i = 0; i < loops.size(); i++) {
            fetch(1, 0);
            turnAll();
            List<TurnedLoop> got = loops.stream().filter(l -> answeredBytes(l) > 0).toList();
            assertThat(got).hasSize(1);
            served.addAll(got);
        }
        assertThat(served).hasSize(loops.size());
    }

    @Test
    void asManyBytesAsTheClientWaitsForAreAnsweredAtOnce() {
        loops.forEach(this::append);
        turnAll();
        fetch(1, 0);
        turnAll();
        int all = loops.stream().mapToInt(this::answeredBytes).sum();
        answerBytes = 1;
        fetch(all, 0);
        turnAll();
        assertThat(answers).hasSize(2);
        assertThat(loops.stream().mapToInt(this::answeredBytes).sum()).isEqualTo(all);
    }

    @Test
    void whoIsFarAwayGetsMoreAtATime() {
        assertThat(AnswerSize.of(-1)).isEqualTo(AnswerSize.UNBOUNDED);
        assertThat(AnswerSize.of(50)).isEqualTo(2 << 20);
        assertThat(AnswerSize.of(50_000)).isEqualTo(25_000_000);
        assertThat(AnswerSize.of(Integer.MAX_VALUE)).isEqualTo(AnswerSize.UNBOUNDED);
    }

    @Test
    void itsTimeEndsItWithWhatThereIs() {
        append(grown);
        turnAll();
        fetch(1 << 19, 0);
        turnAll();
        time.advance(Duration.ofMillis(MAX_WAIT_MS - 1));
        turnAll();
        assertThat(answers).isEmpty();
        time.advance(Duration.ofMillis(1));
        turnAll();
        assertThat(answers).hasSize(1);
        assertThat(answeredBytes(grown)).isPositive();
    }

    @Test
    void aPartitionThatIsNotLedAnyMoreIsToldOfAtOnce() {
        fetch(1, 0);
        turnAll();
        PartitionRecord lost =
                led(on(grown).id().partition())
                        .setLeader(NODE + 1)
                        .setLeaderEpoch(1)
                        .setPartitionEpoch(1);
        image = image.applyAll(List.of(lost), image.nextOffset() + 1);
        partitions.apply(image, Set.of(ORDERS), NODE_EPOCH);
        turn(grown, home);
        assertThat(answers).hasSize(1);
        assertThat(answered(grown).errorCode()).isNotEqualTo(Errors.NONE.code());
        assertThat(answered(busy).errorCode()).isEqualTo(Errors.NONE.code());
    }
}
