package io.headrace.coordinator.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.shard.Shard;
import io.headrace.coordinator.shard.Shard.CloseCause;
import io.headrace.coordinator.shard.ShardCall;
import io.headrace.coordinator.shard.ShardProperties;
import io.headrace.coordinator.shard.ShardTask;
import io.headrace.coordinator.shard.SimulatedLog;
import io.headrace.coordinator.shard.SimulatedLoop;
import io.headrace.coordinator.transaction.TransactionHarness.Session;
import io.headrace.coordinator.transaction.TransactionTask.WriteMarkers;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.testkit.random.Seeded;

import org.apache.kafka.common.message.AddPartitionsToTxnResponseData;
import org.apache.kafka.common.message.EndTxnResponseData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Goal: whatever the network does and however often the owner changes, every transaction ends alike
 * in all its partitions, as its producer was told, and no request or marker of one transaction ends
 * another.
 *
 * <p>Method: producers that share a transactional id and so fence each other, partitions that check
 * what storage nodes check, several owners of the shard at a time; requests, answers and markers
 * are lost, delayed and repeated.
 */
class TransactionSimulationTest {
    private static final int PARTITIONS = 3;

    private final MetadataImage image =
            TransactionHarness.withTopic(
                    MetadataImage.EMPTY, "orders", TransactionHarness.ORDERS, PARTITIONS);

    /** The shard's owners, past and present, its partitions, and the network between. */
    private final class World {
        private final SimulatedLoop loop = new SimulatedLoop();
        private final RandomGenerator random;
        private final SimulatedLog log;
        private final List<Shard> owners = new ArrayList<>();
        private final List<SimulatedPartition> partitions = new ArrayList<>();
        private int faultPercent;
        private int shardEpoch = -1;
        private long lastProducerId = 100;
        private int lastTransaction;

        World(RandomGenerator random) {
            this.random = random;
            this.log = new SimulatedLog(loop, random);
            for (int i = 0; i < PARTITIONS; i++) {
                partitions.add(new SimulatedPartition());
            }
        }

        void setFaultPercent(int percent) {
            faultPercent = percent;
            log.setFaultPercent(percent);
        }

        void takeOver() {
            shardEpoch++;
            start(shardEpoch);
        }

        private void start(int epoch) {
            Shard shard =
                    new Shard(
                            "transactions-0",
                            epoch,
                            1001,
                            log,
                            loop,
                            loop::nowMs,
                            ShardProperties.defaults(),
                            image,
                            TransactionErrors::reply,
                            new TransactionShard(TransactionProperties.defaults()),
                            new Shard.Listener() {
                                @Override
                                public void onTask(Shard of, ShardTask task) {
                                    carryOut(of, (TransactionTask) task, epoch);
                                }

                                @Override
                                public void onServing(Shard served, long loadMs) {}

                                @Override
                                public void onClosed(Shard closed, CloseCause cause) {
                                    if (cause == CloseCause.BROKEN) {
                                        loop.schedule(() -> start(epoch), 100);
                                    }
                                }
                            });
            owners.add(shard);
            shard.start();
        }

        private void carryOut(Shard of, TransactionTask task, int epoch) {
            switch (task) {
                case TransactionTask.AllocateProducerId allocate -> {
                    lastProducerId++;
                    long id = lastProducerId;
                    loop.schedule(
                            () -> of.deliver(new TransactionEvent.ProducerIdAllocated(id)), 1);
                }
                case WriteMarkers write -> writeMarkers(of, write, epoch);
            }
        }

        private void writeMarkers(Shard of, WriteMarkers write, int epoch) {
            Map<TransactionPartition, Errors> answers = new HashMap<>();
            for (TransactionPartition to : write.partitions()) {
                send(
                        () -> partitions.get(to.partition()).end(write, epoch),
                        error -> answers.put(to, error));
            }
            loop.schedule(
                    () -> {
                        write.partitions()
                                .forEach(to -> answers.putIfAbsent(to, Errors.NETWORK_EXCEPTION));
                        of.deliver(
                                new TransactionEvent.MarkersAnswered(
                                        write.transactionalId(),
                                        write.producerId(),
                                        write.producerEpoch(),
                                        Map.copyOf(answers)));
                    },
                    faultPercent == 0 ? 10 : 50);
        }

        /** Asks something far away; the question or the answer may be lost, late or repeated. */
        private void send(Supplier<Errors> service, Consumer<Errors> answer) {
            boolean isAnswerLost = isFault();
            if (!isFault()) {
                loop.schedule(
                        () -> {
                            Errors error = service.get();
                            if (!isAnswerLost) {
                                loop.schedule(() -> answer.accept(error), delayMs());
                            }
                        },
                        delayMs());
            }
            if (isFault()) {
                // Delivered once more, late; nobody hears this answer.
                loop.schedule(
                        () -> assertThat(service.get()).isNotNull(),
                        delayMs() + random.nextInt(3_000));
            }
        }

        boolean isFault() {
            return random.nextInt(100) < faultPercent;
        }

        long delayMs() {
            return isFault() ? random.nextInt(600) : 1 + random.nextInt(3);
        }

        Shard anOwner() {
            if (faultPercent > 0 && random.nextInt(20) == 0) {
                int back = random.nextInt(Math.min(3, owners.size()));
                return owners.get(owners.size() - 1 - back);
            }
            return owners.getLast();
        }

        /** Asks the shard; null when no answer came in time. */
        void ask(ApiMessage body, int version, Consumer<@Nullable ApiMessage> onAnswer) {
            boolean[] isOver = new boolean[1];
            Consumer<@Nullable ApiMessage> once =
                    answer -> {
                        if (!isOver[0]) {
                            isOver[0] = true;
                            onAnswer.accept(answer);
                        }
                    };
            boolean isAnswerLost = isFault();
            if (!isFault()) {
                submitLater(
                        body,
                        version,
                        delayMs(),
                        answer -> {
                            if (!isAnswerLost) {
                                loop.schedule(() -> once.accept(answer), delayMs());
                            }
                        });
            }
            if (isFault()) {
                submitLater(body, version, delayMs() + random.nextInt(3_000), answer -> {});
            }
            loop.schedule(() -> once.accept(null), 800);
        }

        private void submitLater(
                ApiMessage body, int version, long delayMs, Consumer<ApiMessage> onAnswer) {
            loop.schedule(
                    () ->
                            anOwner()
                                    .submit(
                                            new ShardCall(
                                                    body,
                                                    (short) version,
                                                    "client",
                                                    "/127.0.0.1",
                                                    onAnswer)),
                    delayMs);
        }
    }

    /**
     * A producer that runs transactions one after another; what it is told is checked at the end.
     */
    private static final class Producer {
        private final World world;
        private @Nullable Session session;
        private boolean stopped;
        private boolean idle;
        private int done;

        /** Transactions whose end was acknowledged, and how. */
        private final Map<Integer, Boolean> told = new HashMap<>();

        /** Where each transaction wrote and that was acknowledged. */
        private final Map<Integer, Set<Integer>> written = new HashMap<>();

        Producer(World world) {
            this.world = world;
        }

        void next() {
            if (stopped) {
                idle = true;
                return;
            }
            Session mine = session;
            if (mine == null) {
                world.ask(TransactionHarness.init(), 5, this::onInit);
                return;
            }
            world.lastTransaction++;
            int transaction = world.lastTransaction;
            List<Integer> targets = new ArrayList<>();
            for (int partition = 0; partition < PARTITIONS; partition++) {
                if (world.random.nextBoolean()) {
                    targets.add(partition);
                }
            }
            written.put(transaction, new HashSet<>());
            write(mine, transaction, targets, 0);
        }

        private void later() {
            world.loop.schedule(this::next, 1 + world.random.nextInt(30));
        }

        private void onInit(@Nullable ApiMessage answer) {
            if (answer instanceof InitProducerIdResponseData init && init.errorCode() == 0) {
                session = new Session(init.producerId(), init.producerEpoch());
            }
            later();
        }

        private void write(Session mine, int transaction, List<Integer> targets, int attempts) {
            if (targets.isEmpty()) {
                end(mine, transaction, world.random.nextInt(3) > 0, 0);
                return;
            }
            int target = targets.getFirst();
            append(
                    mine,
                    transaction,
                    target,
                    error -> {
                        if (error == Errors.NONE) {
                            Set<Integer> to = written.get(transaction);
                            if (to != null) {
                                to.add(target);
                            }
                            write(mine, transaction, targets.subList(1, targets.size()), 0);
                        } else if (isFatal(error)) {
                            fail();
                        } else if (attempts < 5) {
                            world.loop.schedule(
                                    () -> write(mine, transaction, targets, attempts + 1), 20);
                        } else {
                            end(mine, transaction, false, 0);
                        }
                    });
        }

        private static boolean isFatal(Errors error) {
            return error == Errors.PRODUCER_FENCED
                    || error == Errors.INVALID_PRODUCER_EPOCH
                    || error == Errors.INVALID_PRODUCER_ID_MAPPING
                    || error == Errors.INVALID_TXN_STATE;
        }

        private void fail() {
            session = null;
            later();
        }

        /** Produces: the partition's leader asks the coordinator first, as KIP-890 says. */
        private void append(Session mine, int transaction, int target, Consumer<Errors> onAnswer) {
            SimulatedPartition partition = world.partitions.get(target);
            if (partition.isOpen(mine)) {
                onAnswer.accept(partition.append(mine, transaction));
                return;
            }
            long markersBefore = partition.markerCount(mine.producerId());
            world.ask(
                    TransactionHarness.adding(mine, false, target),
                    5,
                    answer -> {
                        Errors error =
                                answer instanceof AddPartitionsToTxnResponseData added
                                        ? TransactionHarness.errorOf(added)
                                        : Errors.NETWORK_EXCEPTION;
                        boolean isVoid = partition.markerCount(mine.producerId()) != markersBefore;
                        if (error == Errors.NONE && isVoid) {
                            error = Errors.NOT_ENOUGH_REPLICAS;
                        }
                        onAnswer.accept(
                                error == Errors.NONE ? partition.append(mine, transaction) : error);
                    });
        }

        private void end(Session mine, int transaction, boolean commit, int attempts) {
            world.ask(
                    TransactionHarness.ending(mine, commit),
                    5,
                    answer -> {
                        Errors error =
                                answer instanceof EndTxnResponseData ended
                                        ? Errors.forCode(ended.errorCode())
                                        : Errors.NETWORK_EXCEPTION;
                        if (error == Errors.NONE && answer instanceof EndTxnResponseData ended) {
                            told.put(transaction, commit);
                            done++;
                            session = new Session(ended.producerId(), ended.producerEpoch());
                            later();
                        } else if (isFatal(error) || attempts > 30) {
                            fail();
                        } else {
                            world.loop.schedule(
                                    () -> end(mine, transaction, commit, attempts + 1), 20);
                        }
                    });
        }
    }

    private static void check(World world, List<Producer> producers) {
        for (SimulatedPartition partition : world.partitions) {
            assertThat(partition.open()).as("transactions without an end").isEmpty();
        }
        for (Producer producer : producers) {
            producer.written.forEach(
                    (transaction, targets) -> {
                        Boolean told = producer.told.get(transaction);
                        Set<Boolean> ends = new HashSet<>();
                        for (SimulatedPartition partition : world.partitions) {
                            Boolean end = partition.endOf(transaction);
                            if (end != null) {
                                ends.add(end);
                            }
                        }
                        assertThat(ends)
                                .as("ends of transaction %s", transaction)
                                .hasSizeLessThanOrEqualTo(1);
                        if (told != null && !targets.isEmpty()) {
                            assertThat(ends)
                                    .as("the end of transaction %s as told", transaction)
                                    .containsExactly(told);
                        }
                    });
        }
    }

    @Seeded(runs = 60)
    void everyTransactionEndsAlikeInAllItsPartitions(RandomGenerator random) {
        World world = new World(random);
        world.takeOver();
        List<Producer> producers = List.of(new Producer(world), new Producer(world));
        producers.getFirst().next();
        world.loop.schedule(() -> producers.getLast().next(), random.nextInt(10_000));
        world.setFaultPercent(random.nextInt(25));
        for (int round = 0; round < 14; round++) {
            world.loop.runFor(random.nextInt(1_500));
            world.log.setLeaderless(random.nextInt(8) == 0);
            if (random.nextInt(3) == 0) {
                world.takeOver();
            }
        }
        world.log.setLeaderless(false);
        world.setFaultPercent(0);
        producers.forEach(producer -> producer.stopped = true);
        world.loop.runFor(90_000); // longer than a transaction may take
        world.takeOver();
        world.loop.runFor(20_000);
        assertThat(producers.getFirst().idle).isTrue();
        check(world, producers);
    }

    @Seeded(runs = 3)
    void withoutFaultsTransactionsFollowEachOther(RandomGenerator random) {
        World world = new World(random);
        world.takeOver();
        Producer producer = new Producer(world);
        producer.next();
        world.loop.runFor(20_000);
        producer.stopped = true;
        world.loop.runFor(90_000);
        assertThat(producer.done).isGreaterThan(100);
        check(world, List.of(producer));
    }

    /** Each step of a transaction meets a new owner. */
    @Seeded(runs = 20)
    void aTransactionGoesOnUnderANewOwnerAtEveryStep(RandomGenerator random) {
        for (int step = 0; step < 12; step++) {
            World world = new World(random);
            world.takeOver();
            Producer producer = new Producer(world);
            producer.next();
            world.loop.runFor(200 + 7L * step + random.nextInt(7));
            world.takeOver();
            world.loop.runFor(3_000);
            producer.stopped = true;
            world.loop.runFor(90_000);
            assertThat(producer.done).isGreaterThan(1);
            check(world, List.of(producer));
        }
    }
}
