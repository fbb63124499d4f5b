package io.headrace.coordinator.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.group.classic.ClassicGroup;
import io.headrace.coordinator.group.consumer.ConsumerGroup;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.ResponseReader;

import org.apache.kafka.common.message.ConsumerProtocolAssignment;
import org.apache.kafka.common.message.ConsumerProtocolSubscription;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData.JoinGroupRequestProtocol;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupRequestData.MemberIdentity;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupRequestData.SyncGroupRequestAssignment;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.Message;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Living groups that change from one protocol to the other (KIP-848, "Upgrade & Downgrade"). */
class MigrationSpecTest {
    private final GroupHarness group = GroupHarness.withoutDelay();

    /** A consumer of the classic protocol that rebalances cooperatively. */
    private final class Classic {
        private final @Nullable String instanceId;
        private String memberId = "";
        private int generation = -1;
        private List<Integer> owned = List.of();

        Classic(@Nullable String instanceId) {
            this.instanceId = instanceId;
        }

        JoinGroupRequestData request() {
            ConsumerProtocolSubscription subscription =
                    new ConsumerProtocolSubscription().setTopics(List.of("orders"));
            subscription
                    .ownedPartitions()
                    .add(
                            new ConsumerProtocolSubscription.TopicPartition()
                                    .setTopic("orders")
                                    .setPartitions(owned));
            JoinGroupRequestData join =
                    new JoinGroupRequestData()
                            .setGroupId(GroupHarness.GROUP)
                            .setMemberId(memberId)
                            .setGroupInstanceId(instanceId)
                            .setProtocolType("consumer")
                            .setSessionTimeoutMs(10_000)
                            .setRebalanceTimeoutMs(60_000);
            join.protocols()
                    .add(
                            new JoinGroupRequestProtocol()
                                    .setName("cooperative-sticky")
                                    .setMetadata(versioned(subscription, 3)));
            return join;
        }

        JoinGroupResponseData join() {
            JoinGroupResponseData answer = group.call(request(), 9, JoinGroupResponseData.class);
            if (answer.errorCode() == Errors.MEMBER_ID_REQUIRED.code()) {
                memberId = answer.memberId();
                answer = group.call(request(), 9, JoinGroupResponseData.class);
            }
            assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.NONE);
            memberId = answer.memberId();
            generation = answer.generationId();
            return answer;
        }

        Errors sync(Map<String, byte[]> assignments) {
            long request = sendSync(memberId, generation, assignments);
            SyncGroupResponseData answer = group.synced(request);
            if (answer.errorCode() == Errors.NONE.code()) {
                owned = partitionsIn(answer.assignment());
            }
            return Errors.forCode(answer.errorCode());
        }

        /** Joins a classic group as its only member, and assigns itself everything. */
        Classic alone() {
            join();
            assertThat(sync(Map.of(memberId, assignment(0, 1, 2, 3)))).isEqualTo(Errors.NONE);
            return this;
        }

        Errors heartbeat() {
            return group.heartbeat(memberId, generation);
        }
    }

    private long sendSync(String memberId, int generation, Map<String, byte[]> assignments) {
        var sync =
                new SyncGroupRequestData()
                        .setGroupId(GroupHarness.GROUP)
                        .setMemberId(memberId)
                        .setGenerationId(generation)
                        .setProtocolType("consumer")
                        .setProtocolName("cooperative-sticky");
        assignments.forEach(
                (member, bytes) ->
                        sync.assignments()
                                .add(
                                        new SyncGroupRequestAssignment()
                                                .setMemberId(member)
                                                .setAssignment(bytes)));
        return group.send(sync, 5);
    }

    private static byte[] versioned(Message message, int version) {
        ByteBuffer body = MessageWriter.bytes(message, (short) version);
        return ByteBuffer.allocate(2 + body.remaining())
                .putShort((short) version)
                .put(body)
                .array();
    }

    private static byte[] assignment(Integer... partitions) {
        ConsumerProtocolAssignment assignment = new ConsumerProtocolAssignment();
        assignment
                .assignedPartitions()
                .add(
                        new ConsumerProtocolAssignment.TopicPartition()
                                .setTopic("orders")
                                .setPartitions(List.of(partitions)));
        return versioned(assignment, 3);
    }

    private static List<Integer> partitionsIn(byte[] assignment) {
        ByteBuffer bytes = ByteBuffer.wrap(assignment);
        short version = bytes.getShort();
        try {
            List<Integer> partitions = new ArrayList<>();
            ResponseReader.readInto(new ConsumerProtocolAssignment(), version, bytes.slice())
                    .assignedPartitions()
                    .forEach(topic -> partitions.addAll(topic.partitions()));
            partitions.sort(null);
            return partitions;
        } catch (MalformedFrameException e) {
            throw new AssertionError(e);
        }
    }

    private TestConsumer consumer(String memberId) {
        return new TestConsumer(group, memberId, null);
    }

    private ConsumerGroup state() {
        return Objects.requireNonNull(group.shard().consumerGroup(GroupHarness.GROUP));
    }

    /** A classic member and one of the consumer protocol that share the partitions. */
    private void shared(Classic classic, TestConsumer modern) {
        modern.join();
        assertThat(classic.heartbeat()).isEqualTo(Errors.REBALANCE_IN_PROGRESS);
        classic.join();
        assertThat(classic.sync(Map.of())).isEqualTo(Errors.NONE);
        assertThat(classic.owned).hasSize(2);
        classic.join(); // gave up the others
        assertThat(classic.sync(Map.of())).isEqualTo(Errors.NONE);
        modern.beat();
        assertThat(modern.owned).hasSize(2).doesNotContainAnyElementsOf(classic.owned);
        assertThat(classic.heartbeat()).isEqualTo(Errors.NONE);
    }

    @Test
    void theFirstConsumerOfTheNewProtocolUpgradesTheGroup() {
        Classic classic = new Classic(null).alone();
        shared(classic, consumer("new"));
        assertThat(state().classicCount()).isEqualTo(1);
        assertThat(state().state()).isEqualTo(ConsumerGroup.State.STABLE);
        group.restart();
        assertThat(state().state()).isEqualTo(ConsumerGroup.State.STABLE);
        assertThat(group.shard().group(GroupHarness.GROUP)).isNull();
        assertThat(classic.heartbeat()).isEqualTo(Errors.NONE);
    }

    @Test
    void theLastConsumerOfTheNewProtocolThatLeavesDowngradesIt() {
        Classic classic = new Classic(null).alone();
        TestConsumer modern = consumer("new");
        shared(classic, modern);
        int generation = classic.generation;
        assertThat(modern.error(modern.request().setMemberEpoch(-1))).isEqualTo(Errors.NONE);
        ClassicGroup downgraded = Objects.requireNonNull(group.shard().group(GroupHarness.GROUP));
        assertThat(downgraded.generation()).isEqualTo(generation);
        assertThat(classic.heartbeat()).isEqualTo(Errors.REBALANCE_IN_PROGRESS);
        JoinGroupResponseData joined = classic.join();
        assertThat(joined.leader()).isEqualTo(classic.memberId);
        assertThat(joined.generationId()).isEqualTo(generation + 1);
        group.restart();
        assertThat(group.shard().consumerGroup(GroupHarness.GROUP)).isNull();
        assertThat(group.shard().group(GroupHarness.GROUP)).isNotNull();
    }

    @Test
    void aSilentConsumerDowngradesItToo() {
        Classic classic = new Classic(null).alone();
        shared(classic, consumer("new"));
        for (int i = 0; i < 10; i++) {
            group.pass(5_000);
            classic.heartbeat();
        }
        assertThat(group.shard().group(GroupHarness.GROUP)).isNotNull();
    }

    @Test
    void thoseWhoRebalanceAreToldToBeginAnew() {
        Classic classic = new Classic(null).alone();
        long waiting = group.send(new Classic(null).request(), 3);
        assertThat(group.isAnswered(waiting)).isFalse();
        consumer("new").join();
        assertThat(Errors.forCode(group.joined(waiting).errorCode()))
                .isEqualTo(Errors.REBALANCE_IN_PROGRESS);
        assertThat(classic.heartbeat()).isEqualTo(Errors.REBALANCE_IN_PROGRESS);
    }

    @Test
    void aClassicMemberThatDoesNotJoinAgainIsOut() {
        Classic classic = new Classic(null).alone();
        TestConsumer modern = consumer("new").join();
        for (int i = 0; i < 7; i++) {
            classic.heartbeat();
            group.pass(9_000);
            modern.beat();
        }
        assertThat(state().memberCount()).isEqualTo(1);
        modern.beat();
        assertThat(modern.owned).containsExactly(0, 1, 2, 3);
        assertThat(classic.heartbeat()).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
    }

    @Test
    void aClassicMemberLeaves() {
        Classic classic = new Classic(null).alone();
        TestConsumer modern = consumer("new");
        shared(classic, modern);
        LeaveGroupRequestData leave =
                new LeaveGroupRequestData()
                        .setGroupId(GroupHarness.GROUP)
                        .setMembers(
                                List.of(
                                        new MemberIdentity().setMemberId(classic.memberId),
                                        new MemberIdentity().setMemberId("new")));
        LeaveGroupResponseData answer = group.call(leave, 5, LeaveGroupResponseData.class);
        assertThat(answer.members().getFirst().errorCode()).isZero();
        // Members leave by the protocol that they speak.
        assertThat(Errors.forCode(answer.members().getLast().errorCode()))
                .isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        modern.beat();
        assertThat(modern.owned).containsExactly(0, 1, 2, 3);
    }

    @Test
    void aStaticMemberComesBackWithTheOtherProtocol() {
        Classic classic = new Classic("one").alone();
        TestConsumer modern = new TestConsumer(group, "new", "one").join();
        assertThat(modern.owned).containsExactly(0, 1, 2, 3);
        assertThat(state().memberCount()).isEqualTo(1);
        assertThat(classic.heartbeat()).isEqualTo(Errors.UNKNOWN_MEMBER_ID);

        // And back: that was the last consumer of the new protocol.
        Classic again = new Classic("one");
        JoinGroupResponseData joined = group.joined(group.send(again.request(), 9));
        assertThat(Errors.forCode(joined.errorCode())).isEqualTo(Errors.NONE);
        assertThat(joined.leader()).isEqualTo(joined.memberId());
        assertThat(group.shard().group(GroupHarness.GROUP)).isNotNull();
        assertThat(modern.error(modern.reporting())).isEqualTo(Errors.GROUP_ID_NOT_FOUND);
    }

    @Test
    void onlyConsumersAreUpgraded() {
        JoinGroupRequestData join = GroupHarness.join("", null, "x").setProtocolType("connect");
        assertThat(Errors.forCode(group.joined(group.send(join, 3)).errorCode()))
                .isEqualTo(Errors.NONE);
        TestConsumer modern = consumer("new");
        assertThat(modern.error(modern.joining())).isEqualTo(Errors.GROUP_ID_NOT_FOUND);
        assertThat(group.shard().group(GroupHarness.GROUP)).isNotNull();
    }

    @Test
    void bytesThatAreNoSubscriptionAreNotUpgraded() {
        JoinGroupRequestData join = GroupHarness.join("", null);
        join.protocols()
                .add(
                        new JoinGroupRequestProtocol()
                                .setName("range")
                                .setMetadata(new byte[] {0, 3, 127, 127, 127, 127}));
        assertThat(Errors.forCode(group.joined(group.send(join, 3)).errorCode()))
                .isEqualTo(Errors.NONE);
        TestConsumer modern = consumer("new");
        assertThat(modern.error(modern.joining())).isEqualTo(Errors.GROUP_ID_NOT_FOUND);
        assertThat(group.shard().group(GroupHarness.GROUP)).isNotNull();
    }

    @Test
    void anEmptyGroupIsOfWhicheverProtocolComesFirst() {
        TestConsumer modern = consumer("new").join();
        modern.send(modern.request().setMemberEpoch(-1));
        Classic classic = new Classic(null).alone();
        assertThat(group.shard().consumerGroup(GroupHarness.GROUP)).isNull();
        group.call(
                new LeaveGroupRequestData()
                        .setGroupId(GroupHarness.GROUP)
                        .setMembers(List.of(new MemberIdentity().setMemberId(classic.memberId))),
                5,
                LeaveGroupResponseData.class);
        consumer("newer").join();
        assertThat(group.shard().group(GroupHarness.GROUP)).isNull();
        group.restart();
        assertThat(state().state()).isEqualTo(ConsumerGroup.State.STABLE);
    }
}
