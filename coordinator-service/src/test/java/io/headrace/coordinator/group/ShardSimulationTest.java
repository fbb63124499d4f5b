package io.headrace.coordinator.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.group.space.GroupCounters;
import io.headrace.coordinator.group.space.GroupProperties;
import io.headrace.coordinator.shard.Shard;
import io.headrace.coordinator.shard.Shard.CloseCause;
import io.headrace.coordinator.shard.Shard.Phase;
import io.headrace.coordinator.shard.ShardCall;
import io.headrace.coordinator.shard.ShardProperties;
import io.headrace.coordinator.shard.SimulatedLog;
import io.headrace.coordinator.shard.SimulatedLoop;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.testkit.random.Seeded;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseGroup;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * Goal: whatever the network does and however often the owner changes, no acknowledged commit is
 * lost, no read is stale, and an owner that another has followed changes nothing.
 *
 * <p>Method: clients that each commit growing offsets for a partition of their own, and read them
 * back, through whichever of the past and present owners chance names; requests and answers to the
 * log are lost, delayed and repeated.
 */
class ShardSimulationTest {
    private static final Uuid TOPIC_ID = new Uuid(7, 7);
    private static final int CLIENTS = 6;

    private final MetadataImage image =
            TestCluster.withTopic(MetadataImage.EMPTY, "orders", TOPIC_ID, CLIENTS);

    /** The owners of the shard, past and present, as the simulation made them. */
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
                            "orders-0",
                            epoch,
                            1001,
                            log,
                            loop,
                            loop::nowMs,
                            ShardProperties.defaults(),
                            image,
                            GroupErrors::reply,
                            new GroupShard(GroupProperties.defaults(), random, GroupCounters.NONE),
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

        Shard anyOwner() {
            int back = random.nextInt(Math.min(3, owners.size()));
            return owners.get(owners.size() - 1 - back);
        }
    }

    /** Commits growing offsets and reads them back, one request at a time. */
    private static final class Client {
        private final World world;
        private final int partition;
        private long lastSent;
        private long lastAcknowledged;
        private int acknowledged;
        private int reads;
        private boolean stopped;

        Client(World world, int partition) {
            this.world = world;
            this.partition = partition;
        }

        void next() {
            if (stopped) {
                return;
            }
            if (world.random.nextBoolean()) {
                lastSent++;
                long sent = lastSent;
                // Mostly by the newest owner, so that past ones do not hear at once of their end.
                Shard owner =
                        world.random.nextInt(30) == 0 ? world.anyOwner() : world.owners.getLast();
                send(owner, commit(sent), answer -> onCommitted(sent, answer));
            } else {
                long atLeast = lastAcknowledged;
                send(world.anyOwner(), fetch(partition), answer -> onFetched(atLeast, answer));
            }
        }

        private void send(Shard owner, ApiMessage body, Consumer<ApiMessage> onAnswer) {
            owner.submit(
                    new ShardCall(
                            body,
                            (short) 9,
                            "client",
                            "/127.0.0.1",
                            answer -> {
                                onAnswer.accept(answer);
                                world.loop.schedule(this::next, 1 + world.random.nextInt(20));
                            }));
        }

        private OffsetCommitRequestData commit(long offset) {
            OffsetCommitRequestTopic topic = new OffsetCommitRequestTopic().setName("orders");
            topic.partitions()
                    .add(
                            new OffsetCommitRequestPartition()
                                    .setPartitionIndex(partition)
                                    .setCommittedOffset(offset)
                                    .setCommittedMetadata(""));
            return new OffsetCommitRequestData().setGroupId("group").setTopics(List.of(topic));
        }

        private void onCommitted(long sent, ApiMessage answer) {
            OffsetCommitResponseData response = (OffsetCommitResponseData) answer;
            short error = response.topics().getFirst().partitions().getFirst().errorCode();
            if (error == Errors.NONE.code()) {
                lastAcknowledged = sent;
                acknowledged++;
            }
        }

        private void onFetched(long atLeast, ApiMessage answer) {
            OffsetFetchResponseGroup group = ((OffsetFetchResponseData) answer).groups().getFirst();
            if (group.errorCode() == Errors.NONE.code()) {
                reads++;
                assertThat(offsetIn(group)).isBetween(atLeast == 0 ? -1 : atLeast, lastSent);
            }
        }
    }

    private static OffsetFetchRequestData fetch(int partition) {
        return new OffsetFetchRequestData()
                .setGroups(
                        List.of(
                                new OffsetFetchRequestGroup()
                                        .setGroupId("group")
                                        .setTopics(
                                                List.of(
                                                        new OffsetFetchRequestTopics()
                                                                .setName("orders")
                                                                .setPartitionIndexes(
                                                                        List.of(partition))))));
    }

    private static long offsetIn(OffsetFetchResponseGroup group) {
        return group.topics().getFirst().partitions().getFirst().committedOffset();
    }

    @Seeded(runs = 60)
    void acknowledgedCommitsSurviveFaultsAndTakeOvers(RandomGenerator random) {
        World world = new World(random);
        world.takeOver();
        List<Client> clients = new ArrayList<>();
        for (int partition = 0; partition < CLIENTS; partition++) {
            clients.add(new Client(world, partition));
        }
        clients.forEach(Client::next);
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
        clients.forEach(client -> client.stopped = true);
        world.loop.runFor(20_000);
        world.takeOver();
        world.loop.runFor(20_000);

        assertThat(world.log.epochs()).isSorted();
        Shard owner = world.owners.getLast();
        assertThat(owner.phase()).isEqualTo(Phase.SERVING);
        for (Client client : clients) {
            List<ApiMessage> answers = new ArrayList<>();
            owner.submit(
                    new ShardCall(fetch(client.partition), (short) 9, "check", "/", answers::add));
            world.loop.runFor(1_000);
            assertThat(answers).hasSize(1);
            OffsetFetchResponseGroup group =
                    ((OffsetFetchResponseData) answers.getFirst()).groups().getFirst();
            assertThat(group.errorCode()).isZero();
            long found = offsetIn(group);
            assertThat(found)
                    .isBetween(
                            client.lastAcknowledged == 0 ? -1 : client.lastAcknowledged,
                            client.lastSent);
        }
    }

    @Seeded(runs = 3)
    void withoutFaultsEverythingIsAnswered(RandomGenerator random) {
        World world = new World(random);
        world.takeOver();
        world.loop.runFor(100);
        List<Client> clients = new ArrayList<>();
        for (int partition = 0; partition < CLIENTS; partition++) {
            clients.add(new Client(world, partition));
        }
        clients.forEach(Client::next);
        world.loop.runFor(10_000);
        for (Client client : clients) {
            assertThat(client.acknowledged).isGreaterThan(50);
            assertThat(client.reads).isGreaterThan(50);
            assertThat(client.lastAcknowledged).isGreaterThanOrEqualTo(client.lastSent - 1);
        }
    }
}
