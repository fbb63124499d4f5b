package io.headrace.coordinator.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.group.share.ShareGroup;
import io.headrace.coordinator.group.share.StatePlace;
import io.headrace.coordinator.group.space.GroupCounters;
import io.headrace.coordinator.group.space.GroupEvent;
import io.headrace.coordinator.group.space.GroupProperties;
import io.headrace.coordinator.group.space.GroupTask;
import io.headrace.coordinator.group.space.GroupTask.DeleteStates;
import io.headrace.coordinator.group.space.GroupTask.InitializeStates;
import io.headrace.coordinator.shard.Effects;
import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.coordinator.shard.ShardRequest;
import io.headrace.coordinator.shard.ShardTask;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.testkit.random.Seeded;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.DeleteShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.DeleteShareGroupOffsetsRequestData.DeleteShareGroupOffsetsRequestTopic;
import org.apache.kafka.common.message.ShareGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ShareGroupHeartbeatResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/**
 * Goal: whatever is lost and whenever the owner changes, no member is told to read a partition that
 * has no state, and the group comes to rest with every partition read by some member and every
 * member reading one.
 *
 * <p>Method: members whose requests or answers get lost; a new owner takes over between any two
 * steps, from a log of which the unacknowledged end may be missing; work on states gets lost with
 * the owner, is done without being answered, or fails; topics grow; offsets are deleted.
 */
class ShareGroupSimulationTest {
    private static final String GROUP = "queue";
    private static final Uuid ORDERS = new Uuid(5, 1);
    private static final Uuid INVOICES = new Uuid(5, 2);

    /** The shard, its log, the members, and the states at their shards. */
    private static final class World {
        private final RandomGenerator random;
        private final List<ShardRecord> log = new ArrayList<>();
        private final List<Member> members = new ArrayList<>();
        private final List<GroupTask> tasks = new ArrayList<>();

        /** The state epoch of each state that there is. */
        private final Map<StatePlace, Integer> states = new HashMap<>();

        private MetadataImage image =
                TestCluster.withTopic(
                        TestCluster.withTopic(MetadataImage.EMPTY, "orders", ORDERS, 4),
                        "invoices",
                        INVOICES,
                        2);
        private GroupShard shard;
        private long nowMs = 1_000_000;
        private long lastRequestId;
        private int lastMember;
        private boolean settling;

        World(RandomGenerator random) {
            this.random = random;
            this.shard = loaded();
        }

        private GroupShard loaded() {
            GroupShard fresh =
                    new GroupShard(
                            GroupProperties.defaults(),
                            new SplittableRandom(lastRequestId),
                            GroupCounters.NONE);
            log.forEach(fresh::replay);
            Effects effects = new Effects();
            fresh.onLoaded(image, nowMs, effects);
            log.addAll(effects.records());
            return fresh;
        }

        /** Work that was not begun is lost with the owner; what was asked may yet arrive. */
        void takeOver() {
            tasks.removeIf(task -> random.nextBoolean());
            tasks.forEach(this::carryOut);
            tasks.clear();
            shard = loaded();
        }

        /** Takes a step's effects; tells whether the owner lived to answer. */
        private boolean commit(Effects effects) {
            if (!settling && random.nextInt(15) == 0) {
                log.addAll(
                        effects.records().subList(0, random.nextInt(effects.records().size() + 1)));
                takeOver();
                return false;
            }
            log.addAll(effects.records());
            for (ShardTask task : effects.tasks()) {
                tasks.add((GroupTask) task);
            }
            return true;
        }

        @Nullable ApiMessage decide(ApiMessage body) {
            lastRequestId++;
            Effects effects = new Effects();
            shard.onRequest(
                    new ShardRequest(lastRequestId, body, (short) 1, "client", "/10.0.0.1"),
                    nowMs,
                    effects);
            boolean isAnswered = commit(effects) && !effects.replies().isEmpty();
            return isAnswered ? effects.replies().getFirst().response() : null;
        }

        /** Does what the share state shards would. */
        private Map<StatePlace, Errors> carryOut(GroupTask task) {
            Map<StatePlace, Errors> outcomes = new HashMap<>();
            switch (task) {
                case InitializeStates initialize ->
                        initialize
                                .startOffsets()
                                .keySet()
                                .forEach(
                                        place -> {
                                            int epoch = initialize.stateEpoch();
                                            boolean fenced = states.getOrDefault(place, 0) > epoch;
                                            if (!fenced) {
                                                states.put(place, epoch);
                                            }
                                            outcomes.put(
                                                    place,
                                                    fenced
                                                            ? Errors.FENCED_STATE_EPOCH
                                                            : Errors.NONE);
                                        });
                case DeleteStates delete ->
                        delete.places()
                                .forEach(
                                        place -> {
                                            states.remove(place);
                                            outcomes.put(place, Errors.NONE);
                                        });
                default -> throw new AssertionError("Unexpected " + task);
            }
            return outcomes;
        }

        /** Some work is done, in order; its answer may say that nothing is known of it. */
        void work() {
            while (!tasks.isEmpty() && (settling || random.nextInt(3) > 0)) {
                GroupTask task = tasks.removeFirst();
                Map<StatePlace, Errors> outcomes = new HashMap<>(carryOut(task));
                if (!settling && random.nextInt(6) == 0) {
                    outcomes.replaceAll((place, error) -> Errors.NETWORK_EXCEPTION);
                }
                long id =
                        task instanceof InitializeStates initialize
                                ? initialize.taskId()
                                : ((DeleteStates) task).taskId();
                Effects effects = new Effects();
                shard.onEvent(new GroupEvent.StatesChanged(id, outcomes), nowMs, effects);
                commit(effects);
            }
        }

        void pass(long ms) {
            nowMs += ms;
            Effects effects = new Effects();
            shard.onTime(nowMs, effects);
            commit(effects);
        }

        void grow() {
            Uuid topic = random.nextBoolean() ? ORDERS : INVOICES;
            int next = Objects.requireNonNull(image.topic(topic)).partitionCount();
            image =
                    image.apply(
                            image.nextOffset(),
                            new PartitionRecord().setTopicId(topic).setPartitionId(next));
            Effects effects = new Effects();
            shard.onMetadata(image, nowMs, effects);
            commit(effects);
        }

        @Nullable ShareGroup group() {
            return shard.shareGroup(GROUP);
        }
    }

    /** A member that does as it is told, where it hears of it. */
    private static final class Member {
        private final World world;
        private final String memberId;
        private final List<String> topics;
        private int epoch;
        private Map<Uuid, Set<Integer>> assigned = Map.of();

        Member(World world) {
            this.world = world;
            world.lastMember++;
            this.memberId = "member-" + world.lastMember;
            this.topics =
                    world.random.nextInt(4) == 0
                            ? List.of("orders")
                            : List.of("orders", "invoices");
        }

        void beat() {
            ApiMessage answer =
                    world.decide(
                            new ShareGroupHeartbeatRequestData()
                                    .setGroupId(GROUP)
                                    .setMemberId(memberId)
                                    .setMemberEpoch(epoch)
                                    .setSubscribedTopicNames(epoch == 0 ? topics : null));
            if (answer == null || (!world.settling && world.random.nextInt(10) == 0)) {
                return; // lost
            }
            ShareGroupHeartbeatResponseData response = (ShareGroupHeartbeatResponseData) answer;
            if (response.errorCode() != Errors.NONE.code()) {
                epoch = 0;
                assigned = Map.of();
                return;
            }
            epoch = response.memberEpoch();
            if (response.assignment() != null) {
                assigned = new HashMap<>();
                response.assignment()
                        .topicPartitions()
                        .forEach(
                                topic ->
                                        assigned.put(
                                                topic.topicId(),
                                                new TreeSet<>(topic.partitions())));
                places().forEach(place -> assertThat(world.states).containsKey(place));
            }
        }

        Set<StatePlace> places() {
            Set<StatePlace> places = new HashSet<>();
            assigned.forEach(
                    (topicId, partitions) ->
                            partitions.forEach(
                                    partition -> places.add(new StatePlace(topicId, partition))));
            return places;
        }

        void leave() {
            world.decide(
                    new ShareGroupHeartbeatRequestData()
                            .setGroupId(GROUP)
                            .setMemberId(memberId)
                            .setMemberEpoch(-1));
        }
    }

    private static void deleteOffsets(World world) {
        world.decide(
                new DeleteShareGroupOffsetsRequestData()
                        .setGroupId(GROUP)
                        .setTopics(
                                List.of(
                                        new DeleteShareGroupOffsetsRequestTopic()
                                                .setTopicName("orders"))));
    }

    private static void step(World world) {
        RandomGenerator random = world.random;
        switch (random.nextInt(20)) {
            case 0 -> world.members.add(new Member(world));
            case 1 -> {
                if (!world.members.isEmpty()) {
                    Member gone = world.members.remove(random.nextInt(world.members.size()));
                    if (random.nextBoolean()) {
                        gone.leave();
                    } // else it falls silent
                }
            }
            case 2 -> world.takeOver();
            case 3 -> world.pass(random.nextInt(20_000));
            case 4 -> {
                if (random.nextInt(4) == 0) {
                    world.grow();
                }
            }
            case 5 -> deleteOffsets(world);
            case 6, 7, 8 -> world.work();
            default -> {
                if (!world.members.isEmpty()) {
                    world.members.get(random.nextInt(world.members.size())).beat();
                }
            }
        }
    }

    @Seeded(runs = 60)
    void everyPartitionComesToAMember(RandomGenerator random) {
        World world = new World(random);
        for (int step = 0; step < 250; step++) {
            step(world);
        }
        if (world.members.isEmpty()) {
            world.members.add(new Member(world));
        }
        Member all = new Member(world);
        world.members.add(all);
        world.settling = true;
        for (int round = 0; round < 80; round++) {
            world.pass(2_000);
            world.work();
            world.members.forEach(Member::beat);
        }
        assertThat(world.tasks).isEmpty();
        Set<StatePlace> read = new HashSet<>();
        for (Member member : world.members) {
            assertThat(member.places()).isNotEmpty();
            read.addAll(member.places());
        }
        Set<StatePlace> wanted = new HashSet<>();
        boolean invoices =
                world.members.stream().anyMatch(member -> member.topics.contains("invoices"));
        for (Uuid topic : invoices ? List.of(ORDERS, INVOICES) : List.of(ORDERS)) {
            wanted.addAll(ShareRebalances.places(Objects.requireNonNull(world.image.topic(topic))));
        }
        assertThat(read).isEqualTo(wanted);

        ShareGroup before = Objects.requireNonNull(world.group());
        world.takeOver();
        ShareGroup after = Objects.requireNonNull(world.group());
        assertThat(after.groupEpoch()).isEqualTo(before.groupEpoch());
        assertThat(after.states()).isEqualTo(before.states());
        assertThat(List.copyOf(after.members()))
                .containsExactlyInAnyOrderElementsOf(before.members());
    }
}
