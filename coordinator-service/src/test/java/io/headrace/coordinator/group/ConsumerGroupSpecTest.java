package io.headrace.coordinator.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.group.consumer.ConsumerGroup;
import io.headrace.coordinator.group.space.GroupProperties;
import io.headrace.protocol.config.GroupConfigs;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.record.ConfigRecord;
import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ConsumerGroupDescribeRequestData;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Objects;

/** The consumer protocol (KIP-848), claim by claim. */
class ConsumerGroupSpecTest {
    private static final int SESSION_MS = 45_000;

    private final GroupHarness group = GroupHarness.withoutDelay();

    private TestConsumer member(String memberId) {
        return new TestConsumer(group, memberId, null);
    }

    private TestConsumer staticMember(String memberId, String instanceId) {
        return new TestConsumer(group, memberId, instanceId);
    }

    private ConsumerGroup state() {
        return Objects.requireNonNull(group.shard().consumerGroup(GroupHarness.GROUP));
    }

    @Test
    void theFirstMemberGetsEverythingAtOnce() {
        TestConsumer first = member("a").join();
        assertThat(first.owned).containsExactly(0, 1, 2, 3);
        assertThat(first.epoch).isEqualTo(1);
        assertThat(state().state()).isEqualTo(ConsumerGroup.State.STABLE);
    }

    @Test
    void aPartitionChangesHandsOnlyAfterItWasGivenUp() {
        TestConsumer first = member("a").join();
        TestConsumer second = member("b").join();
        assertThat(second.owned).isEmpty();
        assertThat(second.epoch).isEqualTo(2);
        first.beat(); // is told to keep two
        assertThat(first.owned).hasSize(2);
        assertThat(first.epoch).isEqualTo(1);
        second.beat();
        assertThat(second.owned).isEmpty();
        first.beat(); // has given up the others
        assertThat(first.epoch).isEqualTo(2);
        second.beat();
        assertThat(second.owned).hasSize(2).doesNotContainAnyElementsOf(first.owned);
        assertThat(state().state()).isEqualTo(ConsumerGroup.State.STABLE);
    }

    @Test
    void aMemberThatDoesNotRevokeInTimeIsOut() {
        TestConsumer first = member("a").join();
        TestConsumer second = member("b").join();
        first.beat();
        for (int i = 0; i < 6; i++) {
            group.pass(TestConsumer.REBALANCE_MS / 6 - 1);
            first.take(first.send(first.request())); // alive, but revokes nothing
            second.beat();
        }
        group.pass(10);
        assertThat(first.error(first.request())).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        second.beat();
        assertThat(second.owned).containsExactly(0, 1, 2, 3);
    }

    @Test
    void aSubscriptionThatNoMemberCouldBeAssignedIsRefused() {
        TestConsumer first = member("a").join();
        MetadataImage large =
                TestCluster.withTopic(group.image(), "large", new Uuid(5, 6), 100_000);
        group.setImage(large);
        int targetEpoch = state().targetEpoch();
        assertThat(first.error(first.request().setSubscribedTopicNames(List.of("large"))))
                .isEqualTo(Errors.NONE);
        var both = first.request().setSubscribedTopicNames(List.of("orders", "large"));
        assertThat(first.send(both).errorMessage()).contains("100004 partitions", "at most 100000");
        var matching = member("b").joining().setSubscribedTopicNames(null);
        assertThat(first.error(matching.setSubscribedTopicRegex(".*")))
                .isEqualTo(Errors.INVALID_REQUEST);
        assertThat(state().memberCount()).isEqualTo(1);
        assertThat(state().targetEpoch()).isEqualTo(targetEpoch + 1);
        // The whole topic, in one record of the group's log.
        int largest =
                group.log().stream()
                        .mapToInt(r -> r.value() == null ? 0 : r.value().remaining())
                        .max()
                        .orElse(0);
        assertThat(largest).isLessThan(GroupProperties.defaults().maxGroupRecordBytes());
    }

    @Test
    void aSilentMemberIsOut() {
        TestConsumer first = member("a").join();
        TestConsumer second = member("b").join();
        group.pass(SESSION_MS - 1);
        second.beat();
        group.pass(1);
        second.beat();
        assertThat(second.owned).containsExactly(0, 1, 2, 3);
        assertThat(first.error(first.reporting())).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
    }

    @Test
    void aMemberOfAnotherEpochIsFenced() {
        TestConsumer first = member("a").join();
        assertThat(first.error(first.reporting().setMemberEpoch(2)))
                .isEqualTo(Errors.FENCED_MEMBER_EPOCH);
        member("b").join();
        first.beat().beat();
        assertThat(first.epoch).isEqualTo(2);
        member("c").join();
        first.beat().beat();
        assertThat(first.epoch).isEqualTo(3);
        assertThat(first.error(first.reporting().setMemberEpoch(1)))
                .isEqualTo(Errors.FENCED_MEMBER_EPOCH);
        // It missed the answer that told of epoch 3.
        assertThat(first.error(first.reporting().setMemberEpoch(2))).isEqualTo(Errors.NONE);
        ConsumerGroupHeartbeatRequestData claimsMore = first.reporting().setMemberEpoch(2);
        claimsMore.topicPartitions().getFirst().setPartitions(List.of(0, 1, 2, 3));
        assertThat(first.error(claimsMore)).isEqualTo(Errors.FENCED_MEMBER_EPOCH);
    }

    @Test
    void aMemberLeaves() {
        TestConsumer first = member("a").join();
        TestConsumer second = member("b").join();
        assertThat(second.error(second.request().setMemberEpoch(-1))).isEqualTo(Errors.NONE);
        first.beat();
        assertThat(first.owned).containsExactly(0, 1, 2, 3);
        first.send(first.request().setMemberEpoch(-1));
        assertThat(state().state()).isEqualTo(ConsumerGroup.State.EMPTY);
        assertThat(first.error(first.request())).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
    }

    @Test
    void aStaticMemberMayGoAndComeBackUnderAnotherId() {
        TestConsumer first = staticMember("a", "one").join();
        TestConsumer second = member("b").join();
        first.beat().beat();
        second.beat();
        List<Integer> had = first.owned;
        int epoch = state().groupEpoch();
        assertThat(first.error(first.request().setMemberEpoch(-2))).isEqualTo(Errors.NONE);
        second.beat();
        assertThat(second.owned).hasSize(2);
        TestConsumer back = staticMember("c", "one").join();
        assertThat(back.owned).isEqualTo(had);
        assertThat(state().groupEpoch()).isEqualTo(epoch);
        assertThat(first.error(first.reporting())).isEqualTo(Errors.FENCED_INSTANCE_ID);
    }

    @Test
    void aStaticMemberIsNotReplacedWhileItIsThere() {
        staticMember("a", "one").join();
        TestConsumer rival = staticMember("b", "one");
        assertThat(rival.error(rival.joining())).isEqualTo(Errors.UNRELEASED_INSTANCE_ID);
    }

    @Test
    void aStaticMemberThatStaysAwayIsOut() {
        TestConsumer first = staticMember("a", "one").join();
        TestConsumer second = member("b").join();
        first.beat().beat();
        first.send(first.request().setMemberEpoch(-2));
        group.pass(SESSION_MS - 1);
        second.beat();
        group.pass(1);
        second.beat();
        assertThat(second.owned).containsExactly(0, 1, 2, 3);
    }

    @Test
    void newPartitionsBeginANewEpoch() {
        TestConsumer first = member("a").join();
        group.setImage(
                group.image()
                        .apply(
                                group.image().nextOffset(),
                                new PartitionRecord()
                                        .setTopicId(GroupHarness.TOPIC_ID)
                                        .setPartitionId(4)));
        first.beat();
        assertThat(first.owned).containsExactly(0, 1, 2, 3, 4);
        assertThat(first.epoch).isEqualTo(2);
    }

    @Test
    void topicsAreFoundByExpression() {
        TestConsumer first = member("a");
        ConsumerGroupHeartbeatRequestData join =
                first.joining().setSubscribedTopicNames(null).setSubscribedTopicRegex("ord.*");
        first.take(first.send(join));
        assertThat(first.owned).hasSize(4);
        Uuid other = new Uuid(3, 4);
        group.setImage(TestCluster.withTopic(group.image(), "ordinals", other, 1));
        first.beat();
        assertThat(first.owned).hasSize(5);
        assertThat(state().isSubscribedTo("ordinals")).isTrue();
        TestConsumer second = member("b");
        assertThat(
                        second.error(
                                second.joining()
                                        .setSubscribedTopicNames(null)
                                        .setSubscribedTopicRegex("(")))
                .isEqualTo(Errors.INVALID_REGULAR_EXPRESSION);
    }

    @Test
    void aChangedSubscriptionTakesBackWhatIsNotWanted() {
        Uuid other = new Uuid(3, 4);
        group.setImage(TestCluster.withTopic(group.image(), "invoices", other, 1));
        TestConsumer first = member("a").join();
        first.take(first.send(first.reporting().setSubscribedTopicNames(List.of("invoices"))));
        assertThat(first.owned).isEmpty();
        first.beat();
        assertThat(first.owned).containsExactly(0);
        assertThat(state().state()).isEqualTo(ConsumerGroup.State.STABLE);
    }

    @Test
    void requestsMustMakeSense() {
        TestConsumer first = member("a");
        assertThat(first.error(first.joining().setRebalanceTimeoutMs(-1)))
                .isEqualTo(Errors.INVALID_REQUEST);
        assertThat(first.error(first.joining().setTopicPartitions(null)))
                .isEqualTo(Errors.INVALID_REQUEST);
        assertThat(first.error(first.joining().setSubscribedTopicNames(null)))
                .isEqualTo(Errors.INVALID_REQUEST);
        assertThat(first.error(first.joining().setMemberId(""))).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(first.error(first.joining().setServerAssignor("random")))
                .isEqualTo(Errors.UNSUPPORTED_ASSIGNOR);
        assertThat(first.error(first.request().setMemberEpoch(-3)))
                .isEqualTo(Errors.INVALID_REQUEST);
        assertThat(first.error(first.request().setMemberEpoch(5)))
                .isEqualTo(Errors.GROUP_ID_NOT_FOUND);
        assertThat(group.shard().consumerGroup(GroupHarness.GROUP)).isNull();
        assertThat(group.log()).isEmpty();
    }

    @Test
    void anotherOwnerFindsTheGroupAsItWas() {
        TestConsumer first = member("a").join();
        TestConsumer second = staticMember("b", "two").join();
        first.beat();
        group.restart();
        first.beat();
        group.restart();
        second.beat();
        group.restart();
        assertThat(first.owned).hasSize(2);
        assertThat(second.owned).hasSize(2).doesNotContainAnyElementsOf(first.owned);
        assertThat(state().state()).isEqualTo(ConsumerGroup.State.STABLE);
        first.beat();
        assertThat(first.epoch).isEqualTo(2);
        group.pass(SESSION_MS);
        assertThat(state().memberCount()).isZero();
    }

    @Test
    void aGroupHasItsOwnTimeouts() {
        set(GroupConfigs.CONSUMER_HEARTBEAT_INTERVAL_MS, "1234");
        set(GroupConfigs.CONSUMER_SESSION_TIMEOUT_MS, "5000");
        TestConsumer first = member("a").join();
        assertThat(first.heartbeatMs).isEqualTo(1_234);
        group.pass(5_000);
        assertThat(state().memberCount()).isZero();
    }

    private void set(String name, String value) {
        MetadataImage image = group.image();
        group.setImage(
                image.apply(
                        image.nextOffset(),
                        new ConfigRecord()
                                .setResourceType(ConfigResourceKey.GROUP)
                                .setResourceName(GroupHarness.GROUP)
                                .setName(name)
                                .setValue(value)));
    }

    @Test
    void heartbeatsComeOftenWhileMembersAreFew() {
        assertThat(member("a").join().heartbeatMs).isEqualTo(250);
        for (int i = 0; i < 300; i++) {
            member("m" + i).join();
        }
        group.pass(1_000);
        assertThat(member("last").join().heartbeatMs).isEqualTo(5_000);
    }

    @Test
    void theGroupIsShown() {
        member("a").join();
        ConsumerGroupDescribeResponseData.DescribedGroup described =
                group.call(
                                new ConsumerGroupDescribeRequestData()
                                        .setGroupIds(List.of(GroupHarness.GROUP, "none")),
                                1,
                                ConsumerGroupDescribeResponseData.class)
                        .groups()
                        .getFirst();
        assertThat(described.groupState()).isEqualTo("Stable");
        assertThat(described.members().getFirst().targetAssignment())
                .isEqualTo(described.members().getFirst().assignment());
        assertThat(described.members().getFirst().memberType()).isEqualTo((byte) 1);
        assertThat(listed("consumer", "stable")).containsExactly(GroupHarness.GROUP);
        assertThat(listed("classic", "stable")).isEmpty();
        assertThat(listed("consumer", "empty")).isEmpty();
    }

    private List<String> listed(String type, String state) {
        return group
                .call(
                        new ListGroupsRequestData()
                                .setTypesFilter(List.of(type))
                                .setStatesFilter(List.of(state)),
                        5,
                        ListGroupsResponseData.class)
                .groups()
                .stream()
                .map(ListGroupsResponseData.ListedGroup::groupId)
                .toList();
    }
}
