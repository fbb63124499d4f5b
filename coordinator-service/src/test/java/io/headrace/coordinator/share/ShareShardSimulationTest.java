package io.headrace.coordinator.share;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.shard.Shard;
import io.headrace.coordinator.shard.Shard.CloseCause;
import io.headrace.coordinator.shard.Shard.Phase;
import io.headrace.coordinator.shard.ShardCall;
import io.headrace.coordinator.shard.ShardProperties;
import io.headrace.coordinator.shard.SimulatedLog;
import io.headrace.coordinator.shard.SimulatedLoop;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.testkit.random.Seeded;

import org.apache.kafka.common.message.InitializeShareGroupStateRequestData;
import org.apache.kafka.common.message.InitializeShareGroupStateRequestData.InitializeStateData;
import org.apache.kafka.common.message.InitializeShareGroupStateResponseData;
import org.apache.kafka.common.message.ReadShareGroupStateResponseData;
import org.apache.kafka.common.message.WriteShareGroupStateResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * Goal: whatever the network does and however often the owner changes, no acknowledged write of a
 * share partition's state is lost, and a leader that another has followed changes nothing that the
 * other did not see.
 *
 * <p>Method: leaders of share partitions, each followed by another at any time, which first reads
 * and then writes; requests of a former leader still under way arrive later, at past and present
 * owners of the shard; requests and answers to the log are lost, delayed and repeated.
 */
class ShareShardSimulationTest {
    private static final int PARTITIONS = 5;

    private final MetadataImage image =
            ShareHarness.withTopic(
                    MetadataImage.EMPTY, "orders", ShareHarness.TOPIC_ID, PARTITIONS);

    /** The owners of the shard, past and present. */
    private final class World {
        private final SimulatedLoop loop = new SimulatedLoop();
        private final RandomGenerator random;
        private final SimulatedLog log;
        private final List<Shard> owners = new ArrayList<>();
        private int shardEpoch = -1;

        World(RandomGenerator random) {
            this.random = random;
            this.log = new SimulatedLog(loop, random);
        }

        void takeOver() {
            shardEpoch++;
            start(shardEpoch);
        }

        private void start(int epoch) {
            Shard shard =
                    new Shard(
                            "share-0",
                            epoch,
                            1001,
                            log,
                            loop,
                            loop::nowMs,
                            ShardProperties.defaults(),
                            image,
                            ShareErrors::reply,
                            new ShareShard(new ShareStateProperties(5, 100, 1_000, 600_000)),
                            new Shard.Listener() {
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

        void send(ApiMessage body, Consumer<ApiMessage> onAnswer) {
            Shard owner =
                    random.nextInt(20) == 0
                            ? owners.get(random.nextInt(owners.size()))
                            : owners.getLast();
            loop.schedule(
                    () ->
                            owner.submit(
                                    new ShardCall(body, (short) 1, "node", "/10.0.0.1", onAnswer)),
                    random.nextInt(10) == 0 ? random.nextInt(500) : 1);
        }
    }

    /** The leaders of one share partition, one after the other. */
    private static final class Partition {
        private final World world;
        private final int index;
        private int leaderEpoch;
        private long lastSent;
        private long lastAcknowledged;
        private int acknowledged;
        private int leaders;
        private boolean stopped;

        Partition(World world, int index) {
            this.world = world;
            this.index = index;
        }

        void initialize() {
            InitializeStateData topic = new InitializeStateData().setTopicId(ShareHarness.TOPIC_ID);
            topic.partitions()
                    .add(
                            new InitializeShareGroupStateRequestData.PartitionData()
                                    .setPartition(index)
                                    .setStateEpoch(1)
                                    .setStartOffset(0));
            world.send(
                    new InitializeShareGroupStateRequestData()
                            .setGroupId(ShareHarness.GROUP)
                            .setTopics(List.of(topic)),
                    answer -> {
                        var result =
                                ((InitializeShareGroupStateResponseData) answer)
                                        .results()
                                        .getFirst()
                                        .partitions()
                                        .getFirst();
                        if (result.errorCode() == Errors.NONE.code()) {
                            lead();
                        } else {
                            world.loop.schedule(this::initialize, 20);
                        }
                    });
        }

        /** A new leader reads before it writes. */
        void lead() {
            leaderEpoch++;
            read(leaderEpoch);
        }

        private void read(int epoch) {
            if (stopped || epoch != leaderEpoch) {
                return;
            }
            long atLeast = lastAcknowledged;
            world.send(
                    ShareHarness.reading(index, epoch),
                    answer -> {
                        var result =
                                ((ReadShareGroupStateResponseData) answer)
                                        .results()
                                        .getFirst()
                                        .partitions()
                                        .getFirst();
                        if (result.errorCode() != Errors.NONE.code()) {
                            world.loop.schedule(() -> read(epoch), 1 + world.random.nextInt(30));
                            return;
                        }
                        assertThat(result.startOffset()).isBetween(atLeast, lastSent);
                        if (epoch == leaderEpoch) {
                            // Of what was sent before, nothing more may take effect.
                            lastAcknowledged = result.startOffset();
                            lastSent = result.startOffset();
                            leaders++;
                            write(epoch);
                        }
                    });
        }

        private void write(int epoch) {
            if (stopped || epoch != leaderEpoch) {
                return;
            }
            lastSent++;
            long offset = lastSent;
            StateBatch range = new StateBatch(offset + 1, offset + 2, (byte) 0, (short) 1);
            StateBatch[] ranges = new StateBatch[world.random.nextInt(3)];
            java.util.Arrays.fill(ranges, range);
            world.send(
                    ShareHarness.writing(index, 1, epoch, offset, ranges),
                    answer -> {
                        var result =
                                ((WriteShareGroupStateResponseData) answer)
                                        .results()
                                        .getFirst()
                                        .partitions()
                                        .getFirst();
                        onWritten(epoch, offset, Errors.forCode(result.errorCode()));
                    });
            if (world.random.nextInt(12) == 0) {
                lead(); // while that write is under way
            }
        }

        private void onWritten(int epoch, long offset, Errors error) {
            if (epoch == leaderEpoch) {
                if (error == Errors.NONE) {
                    lastAcknowledged = offset;
                    acknowledged++;
                }
                world.loop.schedule(() -> write(epoch), 1 + world.random.nextInt(20));
            } else if (error == Errors.NONE && leaders >= leaderEpoch) {
                assertThat(offset)
                        .describedAs("acknowledged to a former leader behind the new one's back")
                        .isLessThanOrEqualTo(lastSent);
            } else if (error == Errors.NONE) {
                lastAcknowledged = Math.max(lastAcknowledged, offset);
            }
        }
    }

    @Seeded(runs = 25)
    void acknowledgedWritesSurviveFaultsAndTakeOvers(RandomGenerator random) {
        World world = new World(random);
        world.takeOver();
        List<Partition> partitions = new ArrayList<>();
        for (int index = 0; index < PARTITIONS; index++) {
            partitions.add(new Partition(world, index));
        }
        partitions.forEach(Partition::initialize);
        world.log.setFaultPercent(random.nextInt(25));
        for (int round = 0; round < 12; round++) {
            world.loop.runFor(random.nextInt(1_500));
            world.log.setLeaderless(random.nextInt(6) == 0);
            if (random.nextInt(3) == 0) {
                world.takeOver();
            }
        }
        world.log.setLeaderless(false);
        world.log.setFaultPercent(0);
        partitions.forEach(partition -> partition.stopped = true);
        world.loop.runFor(20_000);
        world.takeOver();
        world.loop.runFor(20_000);

        assertThat(world.log.epochs()).isSorted();
        Shard owner = world.owners.getLast();
        assertThat(owner.phase()).isEqualTo(Phase.SERVING);
        for (Partition partition : partitions) {
            List<ApiMessage> answers = new ArrayList<>();
            owner.submit(
                    new ShardCall(
                            ShareHarness.reading(partition.index, -1),
                            (short) 0,
                            "check",
                            "/",
                            answers::add));
            world.loop.runFor(1_000);
            var result =
                    ((ReadShareGroupStateResponseData) answers.getFirst())
                            .results()
                            .getFirst()
                            .partitions()
                            .getFirst();
            if (partition.leaderEpoch > 0) {
                assertThat(result.errorCode()).isZero();
                assertThat(result.startOffset())
                        .isBetween(partition.lastAcknowledged, partition.lastSent);
            }
        }
    }

    @Seeded(runs = 3)
    void withoutFaultsWritesGoOn(RandomGenerator random) {
        World world = new World(random);
        world.takeOver();
        world.loop.runFor(100);
        Partition partition = new Partition(world, 0);
        partition.initialize();
        world.loop.runFor(20_000);
        assertThat(partition.acknowledged).isGreaterThan(50);
        assertThat(partition.leaders).isGreaterThan(3);
    }
}
