package io.headrace.coordinator.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.group.space.GroupProperties;

import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteGroupsResponseData;
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

import java.util.List;

/** Offsets of groups of the consumer protocol, and the end of such groups. */
class ConsumerOffsetsSpecTest {
    private final GroupHarness group = GroupHarness.withoutDelay();

    private TestConsumer member(String memberId) {
        return new TestConsumer(group, memberId, null);
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
    void commitsNeedTheMembersEpoch() {
        TestConsumer first = member("a").join();
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
        TestConsumer first = member("a").join();
        int before = first.epoch;
        TestConsumer second = member("b").join();
        first.beat().beat();
        second.beat();
        assertThat(first.epoch).isGreaterThan(before);
        assertThat(commit("a", before, first.owned.getFirst(), 9)).isEqualTo(Errors.NONE);
        assertThat(commit("a", before, second.owned.getFirst(), 9))
                .isEqualTo(Errors.STALE_MEMBER_EPOCH);
    }

    @Test
    void aGroupIsDeletedWhenItIsEmpty() {
        TestConsumer first = member("a").join();
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
        TestConsumer first = member("a").join();
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
        TestConsumer first = member("a").join();
        commit("a", first.epoch, 0, 9);
        first.send(first.request().setMemberEpoch(-1));
        group.pass(GroupProperties.defaults().offsetsRetentionMs() / 2);
        assertThat(group.shard().offsetCount()).isEqualTo(1);
        group.pass(GroupProperties.defaults().offsetsRetentionMs());
        assertThat(group.shard().offsetCount()).isZero();
        assertThat(group.shard().consumerGroup(GroupHarness.GROUP)).isNull();
    }
}
