package io.headrace.coordinator.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.group.space.GroupProperties;
import io.headrace.protocol.codec.ListGroupsPage;

import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupRequestData.MemberIdentity;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.ListGroupsResponseData.ListedGroup;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** The classic group protocol, claim by claim. */
class ClassicGroupSpecTest {
    private final GroupHarness group = GroupHarness.withoutDelay();

    private static Errors error(JoinGroupResponseData answer) {
        return Errors.forCode(answer.errorCode());
    }

    private JoinGroupResponseData joinStatic(String instanceId, int version) {
        return group.joined(group.send(GroupHarness.join("", instanceId, "range"), version));
    }

    private Errors commit(String memberId, int generation, long offset) {
        OffsetCommitRequestTopic topic = new OffsetCommitRequestTopic().setName("orders");
        topic.partitions()
                .add(
                        new OffsetCommitRequestPartition()
                                .setPartitionIndex(0)
                                .setCommittedOffset(offset)
                                .setCommittedMetadata("note"));
        OffsetCommitRequestData request =
                new OffsetCommitRequestData()
                        .setGroupId(GroupHarness.GROUP)
                        .setMemberId(memberId)
                        .setGenerationIdOrMemberEpoch(generation)
                        .setTopics(List.of(topic));
        OffsetCommitResponseData answer = group.call(request, 9, OffsetCommitResponseData.class);
        return Errors.forCode(answer.topics().getFirst().partitions().getFirst().errorCode());
    }

    private List<Long> committed() {
        OffsetFetchRequestData request =
                new OffsetFetchRequestData()
                        .setGroups(
                                List.of(
                                        new OffsetFetchRequestGroup()
                                                .setGroupId(GroupHarness.GROUP)
                                                .setTopics(null)));
        return group
                .call(request, 9, OffsetFetchResponseData.class)
                .groups()
                .getFirst()
                .topics()
                .stream()
                .flatMap(topic -> topic.partitions().stream())
                .map(partition -> partition.committedOffset())
                .toList();
    }

    @Test
    void kip394_aDynamicMemberMustJoinWithTheIdItWasGiven() {
        String memberId = group.newMemberId("range");
        JoinGroupResponseData joined = group.joined(group.sendJoin(memberId, "range"));
        assertThat(error(joined)).isEqualTo(Errors.NONE);
        assertThat(joined.leader()).isEqualTo(memberId);
        assertThat(joined.generationId()).isEqualTo(1);
        assertThat(joined.members()).hasSize(1);
    }

    @Test
    void kip394_beforeVersion4TheFirstJoinIsEnough() {
        long join = group.send(GroupHarness.join("", null, "range"), 3);
        assertThat(error(group.joined(join))).isEqualTo(Errors.NONE);
    }

    @Test
    void kip394_anIdThatNeverComesBackExpires() {
        group.newMemberId("range");
        group.pass(10_000);
        assertThat(group.shard().group(GroupHarness.GROUP)).isNull();
    }

    @Test
    void kip134_theFirstRebalanceWaitsForMoreMembers() {
        GroupHarness delayed = new GroupHarness(GroupProperties.defaults());
        String first = delayed.newMemberId("range");
        long joinFirst = delayed.sendJoin(first, "range");
        delayed.pass(2_000);
        String second = delayed.newMemberId("range");
        long joinSecond = delayed.sendJoin(second, "range");
        delayed.pass(3_999);
        assertThat(delayed.isAnswered(joinFirst)).isFalse();
        delayed.pass(1);
        assertThat(delayed.joined(joinFirst).members()).hasSize(2);
        assertThat(delayed.joined(joinSecond).generationId()).isEqualTo(1);
    }

    @Test
    void membersGetTheLeadersAssignment() {
        String leader = group.newMemberId("range");
        group.joined(group.sendJoin(leader, "range"));
        String follower = group.newMemberId("range");
        long followerJoin = group.sendJoin(follower, "range");
        long leaderJoin = group.sendJoin(leader, "range");
        int generation = group.joined(followerJoin).generationId();
        assertThat(group.joined(leaderJoin).members()).hasSize(2);
        assertThat(group.joined(followerJoin).members()).isEmpty();

        long followerSync = group.sendSync(follower, generation, Map.of());
        assertThat(group.isAnswered(followerSync)).isFalse();
        group.sendSync(leader, generation, Map.of(leader, "a", follower, "b"));
        assertThat(group.synced(followerSync).assignment())
                .isEqualTo("b".getBytes(StandardCharsets.UTF_8));
        assertThat(group.heartbeat(follower, generation)).isEqualTo(Errors.NONE);
    }

    @Test
    void aMemberThatIsNotHeardOfIsRemoved() {
        String memberId = group.stableMember();
        group.pass(9_999);
        assertThat(group.heartbeat(memberId, 1)).isEqualTo(Errors.NONE);
        group.pass(10_000);
        assertThat(group.heartbeat(memberId, 1)).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
    }

    @Test
    void aNewMemberMakesTheOthersRejoinOrLeavesThemBehind() {
        String old = group.stableMember();
        String fresh = group.newMemberId("range");
        long join = group.sendJoin(fresh, "range");
        assertThat(group.heartbeat(old, 1)).isEqualTo(Errors.REBALANCE_IN_PROGRESS);
        for (int i = 0; i < 7; i++) {
            group.pass(9_000);
            group.heartbeat(old, 1);
        }
        assertThat(group.joined(join).leader()).isEqualTo(fresh);
        assertThat(group.heartbeat(old, 1)).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
    }

    @Test
    void aMemberThatNeverAsksForItsAssignmentIsRemoved() {
        String leader = group.newMemberId("range");
        group.joined(group.sendJoin(leader, "range"));
        for (int i = 0; i < 7; i++) {
            group.pass(9_000);
            group.heartbeat(leader, 1);
        }
        assertThat(group.heartbeat(leader, 1)).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
    }

    @Test
    void theProtocolThatAllOfferAndMostPreferIsChosen() {
        String first = group.newMemberId("sticky", "range");
        group.joined(group.sendJoin(first, "sticky", "range"));
        String second = group.newMemberId("range", "other");
        long join = group.sendJoin(second, "range", "other");
        group.sendJoin(first, "sticky", "range");
        assertThat(group.joined(join).protocolName()).isEqualTo("range");
        long misfit = group.send(GroupHarness.join("", null, "alien"), 9);
        assertThat(error(group.joined(misfit))).isEqualTo(Errors.INCONSISTENT_GROUP_PROTOCOL);
    }

    @Test
    void kip345_aRestartedStaticMemberKeepsItsAssignmentWithoutARebalance() {
        JoinGroupResponseData before = joinStatic("i1", 9);
        group.sendSync(before.memberId(), 1, Map.of(before.memberId(), "mine"));
        JoinGroupResponseData after = joinStatic("i1", 9);
        assertThat(after.generationId()).isEqualTo(1);
        assertThat(after.memberId()).isNotEqualTo(before.memberId());
        assertThat(group.synced(group.sendSync(after.memberId(), 1, Map.of())).assignment())
                .isEqualTo("mine".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void kip345_theFormerSelfIsFenced() {
        JoinGroupResponseData before = joinStatic("i1", 9);
        group.sendSync(before.memberId(), 1, Map.of(before.memberId(), "mine"));
        joinStatic("i1", 9);
        long late = group.send(GroupHarness.join(before.memberId(), "i1", "range"), 9);
        assertThat(error(group.joined(late))).isEqualTo(Errors.FENCED_INSTANCE_ID);
    }

    @Test
    void kip345_anAdministratorRemovesAStaticMemberByItsInstance() {
        JoinGroupResponseData joined = joinStatic("i1", 9);
        group.sendSync(joined.memberId(), 1, Map.of());
        LeaveGroupRequestData leave =
                new LeaveGroupRequestData()
                        .setGroupId(GroupHarness.GROUP)
                        .setMembers(
                                List.of(
                                        new MemberIdentity().setGroupInstanceId("i1"),
                                        new MemberIdentity().setGroupInstanceId("i2")));
        LeaveGroupResponseData answer = group.call(leave, 5, LeaveGroupResponseData.class);
        assertThat(answer.members())
                .extracting(member -> Errors.forCode(member.errorCode()))
                .containsExactly(Errors.NONE, Errors.UNKNOWN_MEMBER_ID);
        assertThat(group.heartbeat(joined.memberId(), 1)).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
    }

    @Test
    void kip814_aStaticLeaderIsToldToSkipTheAssignment() {
        JoinGroupResponseData before = joinStatic("i1", 9);
        group.sendSync(before.memberId(), 1, Map.of());
        JoinGroupResponseData after = joinStatic("i1", 9);
        assertThat(after.skipAssignment()).isTrue();
        assertThat(after.leader()).isEqualTo(after.memberId());
        JoinGroupResponseData older = joinStatic("i1", 8);
        assertThat(older.leader()).isNotEqualTo(older.memberId());
    }

    @Test
    void aStableGroupAndItsOffsetsSurviveAChangeOfOwner() {
        String memberId = group.stableMember();
        assertThat(commit(memberId, 1, 42)).isEqualTo(Errors.NONE);
        group.restart();
        assertThat(group.heartbeat(memberId, 1)).isEqualTo(Errors.NONE);
        assertThat(committed()).containsExactly(42L);
        assertThat(group.synced(group.sendSync(memberId, 1, Map.of())).assignment())
                .isEqualTo("all".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void onlyMembersOfTheGenerationCommit() {
        String memberId = group.stableMember();
        assertThat(commit(memberId, 2, 1)).isEqualTo(Errors.ILLEGAL_GENERATION);
        assertThat(commit("stranger", 1, 1)).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        assertThat(commit("", -1, 1)).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        assertThat(committed()).isEmpty();
    }

    @Test
    void aGroupThatOnlyKeepsOffsetsNeedsNoMember() {
        assertThat(commit("", -1, 5)).isEqualTo(Errors.NONE);
        assertThat(committed()).containsExactly(5L);
        assertThat(commit("member", 3, 5)).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
    }

    @Test
    void kip211_offsetsOutliveTheirGroupForTheRetentionTime() {
        String memberId = group.stableMember();
        commit(memberId, 1, 42);
        long retentionMs = GroupProperties.defaults().offsetsRetentionMs();
        group.pass(retentionMs - 3_600_000);
        assertThat(committed()).containsExactly(42L);
        group.pass(2 * 3_600_000);
        assertThat(committed()).isEmpty();
        group.restart();
        assertThat(group.shard().group(GroupHarness.GROUP)).isNull();
    }

    @Test
    void groupsAreListedInPages() {
        for (String groupId : List.of("b", "d", "a", "c", "other")) {
            OffsetCommitRequestTopic topic = new OffsetCommitRequestTopic().setName("orders");
            topic.partitions().add(new OffsetCommitRequestPartition().setCommittedMetadata(""));
            OffsetCommitRequestData request =
                    new OffsetCommitRequestData().setGroupId(groupId).setTopics(List.of(topic));
            group.call(request, 9, OffsetCommitResponseData.class);
        }
        ListGroupsResponseData page =
                group.call(
                        new ListGroupsPage("", "a", 2).toRequest(),
                        5,
                        ListGroupsResponseData.class);
        assertThat(page.groups()).extracting(ListedGroup::groupId).containsExactly("b", "c");
        assertThat(ListGroupsPage.total(page)).isEqualTo(5);
        ListGroupsResponseData all =
                group.call(new ListGroupsRequestData(), 5, ListGroupsResponseData.class);
        assertThat(all.groups()).hasSize(5);
    }

    @Test
    void offsetsOfADeletedTopicAreForgotten() {
        commit("", -1, 5);
        group.setImage(TestCluster.withoutTopic(group.image(), GroupHarness.TOPIC_ID));
        assertThat(committed()).isEmpty();
        group.restart();
        assertThat(committed()).isEmpty();
    }

    @Test
    void aMemberWhoseLinkIsGoneIsNotInTheRebalanceByIt() {
        String old = group.stableMember();
        String fresh = group.newMemberId("range");
        long join = group.sendJoin(fresh, "range");
        group.abandon(join);
        group.pass(9_000);
        assertThat(group.heartbeat(old, 1)).isEqualTo(Errors.REBALANCE_IN_PROGRESS);
        long rejoin = group.sendJoin(old, "range");
        assertThat(group.isAnswered(rejoin)).isFalse();
        group.pass(1_000);
        assertThat(group.joined(rejoin).members()).hasSize(1);
        assertThat(group.isAnswered(join)).isFalse();
    }
}
