package io.headrace.coordinator.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.group.consumer.ConsumerGroup;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.record.ConfigRecord;
import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ConsumerGroupDescribeRequestData;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData.TopicPartitions;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData;
import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteGroupsResponseData;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestPartition;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopic;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopicCollection;
import org.apache.kafka.common.message.OffsetDeleteResponseData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The consumer protocol (KIP-848), claim by claim. */
class ConsumerGroupSpecTest {
    private static final int REBALANCE_MS = 60_000;
    private static final int SESSION_MS = 45_000;

    private final GroupHarness group = GroupHarness.withoutDelay();

    /** A consumer that does what it is told, one heartbeat at a time. */
    private final class Member {
        private final String memberId;
        private @Nullable String instanceId;
        private int epoch;
        private List<Integer> owned = List.of();
        private int heartbeatMs;

        Member(String memberId) {
            this.memberId = memberId;
        }

        ConsumerGroupHeartbeatRequestData request() {
            return new ConsumerGroupHeartbeatRequestData()
                    .setGroupId(GroupHarness.GROUP)
                    .setMemberId(memberId)
                    .setInstanceId(instanceId)
                    .setMemberEpoch(epoch);
        }

        ConsumerGroupHeartbeatRequestData joining() {
            return request()
                    .setMemberEpoch(0)
                    .setRebalanceTimeoutMs(REBALANCE_MS)
                    .setSubscribedTopicNames(List.of("orders"))
                    .setTopicPartitions(List.of());
        }

        ConsumerGroupHeartbeatResponseData send(ConsumerGroupHeartbeatRequestData request) {
            return group.call(request, 1, ConsumerGroupHeartbeatResponseData.class);
        }

        Member join() {
            owned = List.of();
            take(send(joining()));
            return this;
        }

        /** Tells that it is alive, and what it owns. */
        Member beat() {
            take(send(reporting()));
            return this;
        }

        ConsumerGroupHeartbeatRequestData reporting() {
            return request()
                    .setTopicPartitions(
                            List.of(
                                    new TopicPartitions()
                                            .setTopicId(GroupHarness.TOPIC_ID)
                                            .setPartitions(owned)));
        }

        private void take(ConsumerGroupHeartbeatResponseData answer) {
            assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.NONE);
            epoch = answer.memberEpoch();
            heartbeatMs = answer.heartbeatIntervalMs();
            if (answer.assignment() != null) {
                List<Integer> next = new ArrayList<>();
                answer.assignment()
                        .topicPartitions()
                        .forEach(topic -> next.addAll(topic.partitions()));
                next.sort(null);
                owned = next;
            }
        }

        Errors error(ConsumerGroupHeartbeatRequestData request) {
            return Errors.forCode(send(request).errorCode());
        }
    }

    private Member member(String memberId) {
        return new Member(memberId);
    }

    private Member staticMember(String memberId, String instanceId) {
        Member member = new Member(memberId);
        member.instanceId = instanceId;
        return member;
    }

    private ConsumerGroup state() {
        return Objects.requireNonNull(group.shard().consumerGroup(GroupHarness.GROUP));
    }

    private Errors commit(String memberId, int epoch, int partition, int version) {
        OffsetCommitRequestTopic topic = new OffsetCommitRequestTopic();
        if (version >= 10) {
            topic.setTopicId(GroupHarness.TOPIC_ID);
        } else {
            topic.setName("orders");
        }
        topic.partitions()
                .add(
                        new OffsetCommitRequestPartition()
                                .setPartitionIndex(partition)
                                .setCommittedOffset(7)
                                .setCommittedMetadata(""));
        OffsetCommitRequestData request =
                new OffsetCommitRequestData()
                        .setGroupId(GroupHarness.GROUP)
                        .setMemberId(memberId)
                        .setGenerationIdOrMemberEpoch(epoch)
                        .setTopics(List.of(topic));
        OffsetCommitResponseData answer =
                group.call(request, version, OffsetCommitResponseData.class);
        return Errors.forCode(answer.topics().getFirst().partitions().getFirst().errorCode());
    }

    private Errors fetch(@Nullable String memberId, int epoch) {
        OffsetFetchRequestData request =
                new OffsetFetchRequestData()
                        .setGroups(
                                List.of(
                                        new OffsetFetchRequestGroup()
                                                .setGroupId(GroupHarness.GROUP)
                                                .setMemberId(memberId)
                                                .setMemberEpoch(epoch)
                                                .setTopics(null)));
        return Errors.forCode(
                group.call(request, 9, OffsetFetchResponseData.class)
                        .groups()
                        .getFirst()
                        .errorCode());
    }

    @Test
    void theFirstMemberGetsEverythingAtOnce() {
        Member first = member("a").join();
        assertThat(first.owned).containsExactly(0, 1, 2, 3);
        assertThat(first.epoch).isEqualTo(1);
        assertThat(state().state()).isEqualTo(ConsumerGroup.State.STABLE);
    }

    @Test
    void aPartitionChangesHandsOnlyAfterItWasGivenUp() {
        Member first = member("a").join();
        Member second = member("b").join();
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
        Member first = member("a").join();
        Member second = member("b").join();
        first.beat();
        for (int i = 0; i < 6; i++) {
            group.pass(REBALANCE_MS / 6 - 1);
            first.take(first.send(first.request())); // alive, but revokes nothing
            second.beat();
        }
        group.pass(10);
        assertThat(first.error(first.request())).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        second.beat();
        assertThat(second.owned).containsExactly(0, 1, 2, 3);
    }

    @Test
    void aSilentMemberIsOut() {
        Member first = member("a").join();
        Member second = member("b").join();
        group.pass(SESSION_MS - 1);
        second.beat();
        group.pass(1);
        second.beat();
        assertThat(second.owned).containsExactly(0, 1, 2, 3);
        assertThat(first.error(first.reporting())).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
    }

    @Test
    void aMemberOfAnotherEpochIsFenced() {
        Member first = member("a").join();
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
        Member first = member("a").join();
        Member second = member("b").join();
        assertThat(second.error(second.request().setMemberEpoch(-1))).isEqualTo(Errors.NONE);
        first.beat();
        assertThat(first.owned).containsExactly(0, 1, 2, 3);
        first.send(first.request().setMemberEpoch(-1));
        assertThat(state().state()).isEqualTo(ConsumerGroup.State.EMPTY);
        assertThat(first.error(first.request())).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
    }

    @Test
    void aStaticMemberMayGoAndComeBackUnderAnotherId() {
        Member first = staticMember("a", "one").join();
        Member second = member("b").join();
        first.beat().beat();
        second.beat();
        List<Integer> had = first.owned;
        int epoch = state().groupEpoch();
        assertThat(first.error(first.request().setMemberEpoch(-2))).isEqualTo(Errors.NONE);
        second.beat();
        assertThat(second.owned).hasSize(2);
        Member back = staticMember("c", "one").join();
        assertThat(back.owned).isEqualTo(had);
        assertThat(state().groupEpoch()).isEqualTo(epoch);
        assertThat(first.error(first.reporting())).isEqualTo(Errors.FENCED_INSTANCE_ID);
    }

    @Test
    void aStaticMemberIsNotReplacedWhileItIsThere() {
        staticMember("a", "one").join();
        Member rival = staticMember("b", "one");
        assertThat(rival.error(rival.joining())).isEqualTo(Errors.UNRELEASED_INSTANCE_ID);
    }

    @Test
    void aStaticMemberThatStaysAwayIsOut() {
        Member first = staticMember("a", "one").join();
        Member second = member("b").join();
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
        Member first = member("a").join();
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
        Member first = member("a");
        ConsumerGroupHeartbeatRequestData join =
                first.joining().setSubscribedTopicNames(null).setSubscribedTopicRegex("ord.*");
        first.take(first.send(join));
        assertThat(first.owned).hasSize(4);
        Uuid other = new Uuid(3, 4);
        group.setImage(TestCluster.withTopic(group.image(), "ordinals", other, 1));
        first.beat();
        assertThat(first.owned).hasSize(5);
        assertThat(state().isSubscribedTo("ordinals")).isTrue();
        Member second = member("b");
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
        Member first = member("a").join();
        first.take(first.send(first.reporting().setSubscribedTopicNames(List.of("invoices"))));
        assertThat(first.owned).isEmpty();
        first.beat();
        assertThat(first.owned).containsExactly(0);
        assertThat(state().state()).isEqualTo(ConsumerGroup.State.STABLE);
    }

    @Test
    void requestsMustMakeSense() {
        Member first = member("a");
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
        Member first = member("a").join();
        Member second = staticMember("b", "two").join();
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
    void commitsNeedTheMembersEpoch() {
        Member first = member("a").join();
        assertThat(commit("a", first.epoch, 0, 9)).isEqualTo(Errors.NONE);
        assertThat(commit("a", first.epoch, 1, 10)).isEqualTo(Errors.NONE);
        assertThat(commit("a", first.epoch + 1, 0, 9)).isEqualTo(Errors.STALE_MEMBER_EPOCH);
        assertThat(commit("a", first.epoch, 0, 8)).isEqualTo(Errors.UNSUPPORTED_VERSION);
        assertThat(commit("b", first.epoch, 0, 9)).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        assertThat(commit("", -1, 0, 9)).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        assertThat(fetch("a", first.epoch)).isEqualTo(Errors.NONE);
        assertThat(fetch("a", first.epoch + 1)).isEqualTo(Errors.STALE_MEMBER_EPOCH);
        assertThat(fetch("b", 1)).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        assertThat(fetch(null, -1)).isEqualTo(Errors.NONE);
        first.send(first.request().setMemberEpoch(-1));
        assertThat(commit("", -1, 0, 9)).isEqualTo(Errors.NONE);
    }

    @Test
    void kip1251_anOlderEpochMayCommitWhatItWasAssignedBefore() {
        Member first = member("a").join();
        int before = first.epoch;
        Member second = member("b").join();
        first.beat().beat();
        second.beat();
        assertThat(first.epoch).isGreaterThan(before);
        assertThat(commit("a", before, first.owned.getFirst(), 9)).isEqualTo(Errors.NONE);
        assertThat(commit("a", before, second.owned.getFirst(), 9))
                .isEqualTo(Errors.STALE_MEMBER_EPOCH);
    }

    @Test
    void aGroupIsDeletedWhenItIsEmpty() {
        Member first = member("a").join();
        commit("a", first.epoch, 0, 9);
        DeleteGroupsRequestData delete =
                new DeleteGroupsRequestData().setGroupsNames(List.of(GroupHarness.GROUP));
        assertThat(deleted(delete)).isEqualTo(Errors.NON_EMPTY_GROUP);
        first.send(first.request().setMemberEpoch(-1));
        assertThat(deleted(delete)).isEqualTo(Errors.NONE);
        assertThat(deleted(delete)).isEqualTo(Errors.GROUP_ID_NOT_FOUND);
        group.restart();
        assertThat(group.shard().consumerGroup(GroupHarness.GROUP)).isNull();
        assertThat(group.shard().group(GroupHarness.GROUP)).isNull();
        assertThat(group.shard().offsetCount()).isZero();
    }

    private Errors deleted(DeleteGroupsRequestData delete) {
        return Errors.forCode(
                group.call(delete, 2, DeleteGroupsResponseData.class)
                        .results()
                        .iterator()
                        .next()
                        .errorCode());
    }

    @Test
    void offsetsOfSubscribedTopicsAreNotDeleted() {
        Member first = member("a").join();
        commit("a", first.epoch, 0, 9);
        OffsetDeleteRequestTopic topic = new OffsetDeleteRequestTopic().setName("orders");
        topic.partitions().add(new OffsetDeleteRequestPartition().setPartitionIndex(0));
        OffsetDeleteRequestData request =
                new OffsetDeleteRequestData()
                        .setGroupId(GroupHarness.GROUP)
                        .setTopics(
                                new OffsetDeleteRequestTopicCollection(List.of(topic).iterator()));
        OffsetDeleteResponseData answer = group.call(request, 0, OffsetDeleteResponseData.class);
        assertThat(answer.topics().iterator().next().partitions().iterator().next().errorCode())
                .isEqualTo(Errors.GROUP_SUBSCRIBED_TO_TOPIC.code());
    }

    @Test
    void anEmptyGroupIsForgottenWithItsLastOffset() {
        Member first = member("a").join();
        commit("a", first.epoch, 0, 9);
        first.send(first.request().setMemberEpoch(-1));
        group.pass(GroupProperties.defaults().offsetsRetentionMs() / 2);
        assertThat(group.shard().offsetCount()).isEqualTo(1);
        group.pass(GroupProperties.defaults().offsetsRetentionMs());
        assertThat(group.shard().offsetCount()).isZero();
        assertThat(group.shard().consumerGroup(GroupHarness.GROUP)).isNull();
    }

    @Test
    void aGroupHasItsOwnTimeouts() {
        set(ConsumerProtocolProperties.HEARTBEAT_INTERVAL, "1234");
        set(ConsumerProtocolProperties.SESSION_TIMEOUT, "5000");
        Member first = member("a").join();
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
        assertThat(member("a").join().heartbeatMs).isEqualTo(500);
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
