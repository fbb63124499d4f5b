package io.headrace.coordinator.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.group.consumer.ConsumerGroup;
import io.headrace.coordinator.group.space.GroupCounters;
import io.headrace.coordinator.group.space.GroupProperties;
import io.headrace.coordinator.shard.Effects;
import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.coordinator.shard.ShardRequest;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.testkit.random.Seeded;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData.TopicPartitions;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/**
 * Goal: whatever is lost and whenever the owner changes, no partition is used by two members that
 * both believe in their epoch, and the group comes to rest with every partition at one member.
 *
 * <p>Method: members that do as they are told, slowly; their requests or the answers get lost; a
 * new owner takes over between any two steps from a log of which the unacknowledged end may be
 * missing; members come, leave, fall silent and change what they subscribe to; topics grow.
 */
class ConsumerSimulationTest {
    private static final String GROUP = "group";
    private static final Uuid ORDERS = new Uuid(5, 1);
    private static final Uuid INVOICES = new Uuid(5, 2);

    /** The shard, its log, and the members. */
    private static final class World {
        private final RandomGenerator random;
        private final List<ShardRecord> log = new ArrayList<>();
        private final List<Member> members = new ArrayList<>();
        private MetadataImage image =
                TestCluster.withTopic(
                        TestCluster.withTopic(MetadataImage.EMPTY, "orders", ORDERS, 5),
                        "invoices",
                        INVOICES,
                        3);
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

        void takeOver() {
            shard = loaded();
        }

        /**
         * Decides a request. Of its records some at the end may be lost, by an owner that fails
         * then: it does not answer.
         */
        @Nullable ApiMessage decide(ApiMessage body) {
            lastRequestId++;
            Effects effects = new Effects();
            shard.onRequest(
                    new ShardRequest(lastRequestId, body, (short) 1, "client", "/10.0.0.1"),
                    nowMs,
                    effects);
            if (!settling && random.nextInt(12) == 0) {
                int kept = random.nextInt(effects.records().size() + 1);
                log.addAll(effects.records().subList(0, kept));
                takeOver();
                return null;
            }
            log.addAll(effects.records());
            return effects.replies().getFirst().response();
        }

        void pass(long ms) {
            nowMs += ms;
            Effects effects = new Effects();
            shard.onTime(nowMs, effects);
            log.addAll(effects.records());
        }

        void setImage(MetadataImage next) {
            image = next;
            Effects effects = new Effects();
            shard.onMetadata(next, nowMs, effects);
            log.addAll(effects.records());
        }

        void grow() {
            Uuid topic = random.nextBoolean() ? ORDERS : INVOICES;
            int next = Objects.requireNonNull(image.topic(topic)).partitionCount();
            setImage(
                    image.apply(
                            image.nextOffset(),
                            new PartitionRecord().setTopicId(topic).setPartitionId(next)));
        }

        Member join() {
            lastMember++;
            Member member = new Member(this, "m" + lastMember);
            member.topics = topics();
            members.add(member);
            return member;
        }

        private List<String> topics() {
            return switch (random.nextInt(4)) {
                case 0 -> List.of("orders");
                case 1 -> List.of("invoices");
                default -> List.of("invoices", "orders");
            };
        }

        /** A member that is fenced or gone does not know yet that it may not use its partitions. */
        void assertNothingIsUsedTwice() {
            ConsumerGroup group = shard.consumerGroup(GROUP);
            Map<Uuid, Map<Integer, String>> users = new HashMap<>();
            for (Member member : members) {
                boolean isCurrent = group != null && group.member(member.memberId) != null;
                if (!isCurrent) {
                    continue;
                }
                member.owned.forEach(
                        (topic, partitions) ->
                                partitions.forEach(
                                        partition ->
                                                assertThat(
                                                                users.computeIfAbsent(
                                                                                topic,
                                                                                id ->
                                                                                        new HashMap<>())
                                                                        .put(
                                                                                partition,
                                                                                member.memberId))
                                                        .as("the other user of %s", partition)
                                                        .isNull()));
            }
        }
    }

    /** A consumer. */
    private static final class Member {
        private final World world;
        private final String memberId;
        private List<String> topics = List.of();
        private int epoch;
        private boolean tellsAll = true;
        private Map<Uuid, Set<Integer>> owned = new HashMap<>();
        private @Nullable Map<Uuid, Set<Integer>> wanted;

        Member(World world, String memberId) {
            this.world = world;
            this.memberId = memberId;
        }

        /** Takes the next step of its reconciliation, then is heard of. */
        void step(boolean isReliable) {
            if (wanted != null) {
                owned = wanted; // gave up and took what it was told to
                wanted = null;
            }
            ConsumerGroupHeartbeatRequestData request = request();
            if (!isReliable && world.random.nextInt(8) == 0) {
                tellsAll = true;
                return; // the request is lost
            }
            ApiMessage answer = world.decide(request);
            if (answer == null || (!isReliable && world.random.nextInt(8) == 0)) {
                tellsAll = true;
                return; // the answer is lost
            }
            take((ConsumerGroupHeartbeatResponseData) answer);
        }

        private ConsumerGroupHeartbeatRequestData request() {
            ConsumerGroupHeartbeatRequestData request =
                    new ConsumerGroupHeartbeatRequestData()
                            .setGroupId(GROUP)
                            .setMemberId(memberId)
                            .setMemberEpoch(epoch);
            if (epoch == 0 || tellsAll) {
                request.setRebalanceTimeoutMs(30_000).setSubscribedTopicNames(topics);
            }
            List<TopicPartitions> reported = new ArrayList<>();
            owned.forEach(
                    (topic, partitions) ->
                            reported.add(
                                    new TopicPartitions()
                                            .setTopicId(topic)
                                            .setPartitions(List.copyOf(partitions))));
            request.setTopicPartitions(reported);
            tellsAll = false;
            return request;
        }

        private void take(ConsumerGroupHeartbeatResponseData answer) {
            Errors error = Errors.forCode(answer.errorCode());
            if (error == Errors.UNKNOWN_MEMBER_ID
                    || error == Errors.FENCED_MEMBER_EPOCH
                    || error == Errors.GROUP_ID_NOT_FOUND) {
                if (error == Errors.FENCED_MEMBER_EPOCH && epoch == 0) {
                    return; // until its session is over
                }
                epoch = 0;
                owned = new HashMap<>();
                tellsAll = true;
                return;
            }
            assertThat(error).isEqualTo(Errors.NONE);
            epoch = answer.memberEpoch();
            if (answer.assignment() != null) {
                Map<Uuid, Set<Integer>> next = new HashMap<>();
                answer.assignment()
                        .topicPartitions()
                        .forEach(
                                topic ->
                                        next.put(
                                                topic.topicId(),
                                                new TreeSet<>(topic.partitions())));
                wanted = next;
            }
        }
    }

    @Seeded(runs = 150)
    void nothingIsUsedTwiceAndEverythingIsUsedInTheEnd(RandomGenerator random) {
        World world = new World(random);
        for (int i = 0; i < 3; i++) {
            world.join();
        }
        for (int round = 0; round < 250; round++) {
            switch (random.nextInt(30)) {
                case 0 -> {
                    if (world.members.size() < 7) {
                        world.join();
                    }
                }
                case 1 -> {
                    Member changed = any(world);
                    changed.topics = world.topics();
                    changed.tellsAll = true;
                }
                case 2 -> world.takeOver();
                case 3 -> world.pass(random.nextInt(20_000));
                case 4 -> world.grow();
                case 5 -> {
                    if (world.members.size() > 2) {
                        world.members.remove(any(world)); // falls silent for ever
                    }
                }
                default -> any(world).step(false);
            }
            world.assertNothingIsUsedTwice();
        }
        settle(world);
    }

    private static Member any(World world) {
        return world.members.get(world.random.nextInt(world.members.size()));
    }

    /** All members live on undisturbed, past the sessions of those who fell silent. */
    private static void settle(World world) {
        world.settling = true;
        for (int round = 0; round < 60; round++) {
            world.pass(2_000);
            world.members.forEach(member -> member.step(true));
            world.assertNothingIsUsedTwice();
        }
        ConsumerGroup group = Objects.requireNonNull(world.shard.consumerGroup(GROUP));
        assertThat(group.state()).isEqualTo(ConsumerGroup.State.STABLE);
        assertThat(group.memberCount()).isEqualTo(world.members.size());
        for (String name : group.subscribedTopics()) {
            var topic = Objects.requireNonNull(world.image.topic(name));
            List<Integer> used = new ArrayList<>();
            world.members.forEach(
                    member -> used.addAll(member.owned.getOrDefault(topic.topicId(), Set.of())));
            assertThat(used).hasSize(topic.partitionCount()).doesNotHaveDuplicates();
        }
    }
}
