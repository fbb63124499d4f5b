package io.headrace.coordinator.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.group.consumer.ConsumerGroup;
import io.headrace.coordinator.group.space.AssignmentPace;
import io.headrace.protocol.config.GroupConfigs;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.record.ConfigRecord;
import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.message.ShareGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ShareGroupHeartbeatResponseData;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/** Changes of a group are gathered (KIP-1263), and those of a small one are not. */
class AssignmentPaceSpecTest {
    private static final int INTERVAL_MS = 1_000;

    private final GroupHarness group = GroupHarness.withoutDelay();

    private void setInterval(String name) {
        ConfigRecord config =
                new ConfigRecord()
                        .setResourceType(ConfigResourceKey.GROUP)
                        .setResourceName(GroupHarness.GROUP)
                        .setName(name)
                        .setValue("" + INTERVAL_MS);
        group.setImage(group.image().apply(group.image().nextOffset(), config));
    }

    private void gather() {
        setInterval(GroupConfigs.CONSUMER_ASSIGNMENT_INTERVAL_MS);
    }

    private TestConsumer join(String memberId) {
        return new TestConsumer(group, memberId, null).join();
    }

    private ConsumerGroup state() {
        return Objects.requireNonNull(group.shard().consumerGroup(GroupHarness.GROUP));
    }

    @Test
    void theFirstChangeIsTakenAtOnceAndThoseBehindItTogether() {
        gather();
        TestConsumer first = join("a");
        assertThat(first.owned).containsExactly(0, 1, 2, 3);
        TestConsumer second = join("b");
        TestConsumer third = join("c");
        group.pass(INTERVAL_MS - 1);
        assertThat(first.beat().owned).hasSize(4);
        assertThat(second.beat().epoch).isEqualTo(1);
        assertThat(state().groupEpoch()).isEqualTo(3);
        assertThat(state().targetEpoch()).isEqualTo(1);
        assertThat(state().state()).isEqualTo(ConsumerGroup.State.ASSIGNING);

        group.pass(1);
        assertThat(state().targetEpoch()).as("made without a heartbeat").isEqualTo(3);
        for (int i = 0; i < 3; i++) {
            first.beat();
            second.beat();
            third.beat();
        }
        assertThat(state().state()).isEqualTo(ConsumerGroup.State.STABLE);
        assertThat(List.of(first.owned.size(), second.owned.size(), third.owned.size()))
                .containsExactlyInAnyOrder(2, 1, 1);
    }

    @Test
    void afterAQuietWhileAChangeIsTakenAtOnceAgain() {
        gather();
        TestConsumer first = join("a");
        group.pass(INTERVAL_MS);
        join("b");
        assertThat(state().targetEpoch()).isEqualTo(2);
        assertThat(first.beat().owned).hasSize(2);
    }

    @Test
    void whoLeavesIsGoneAtOnceAndWhatItHadIsSharedLater() {
        gather();
        TestConsumer first = join("a");
        group.pass(INTERVAL_MS);
        TestConsumer second = join("b");
        first.beat().beat();
        second.beat();
        assertThat(second.owned).hasSize(2);
        assertThat(second.error(second.request().setMemberEpoch(-1)).code()).isZero();
        assertThat(state().memberCount()).isEqualTo(1);
        assertThat(first.beat().owned).hasSize(2);
        group.pass(INTERVAL_MS);
        assertThat(first.beat().owned).containsExactly(0, 1, 2, 3);
    }

    @Test
    void anotherOwnerWaitsForTheRestOfTheInterval() {
        gather();
        join("a");
        group.pass(INTERVAL_MS / 2);
        TestConsumer second = join("b");
        group.restart();
        second.beat();
        assertThat(state().targetEpoch()).isEqualTo(1);
        group.pass(INTERVAL_MS / 2);
        second.beat();
        assertThat(state().targetEpoch()).isEqualTo(2);
    }

    @Test
    void smallGroupsWaitForNothing() {
        for (int i = 0; i < 10; i++) {
            join("member-" + i);
            assertThat(state().targetEpoch()).isEqualTo(i + 1);
        }
    }

    @Test
    void manyMembersWhoJoinTogetherAreAssignedAFewTimesOnly() {
        int members = 400;
        addPartitions(2 * members);
        List<TestConsumer> all = new ArrayList<>();
        Set<Integer> targets = new TreeSet<>();
        for (int i = 0; i < members; i++) {
            all.add(join("member-" + i));
            targets.add(state().targetEpoch());
            group.pass(1);
        }
        assertThat(targets).as("one for each of the first ones").hasSizeGreaterThan(50);
        assertThat(targets).as("then a few").hasSizeLessThan(100);
        group.pass(INTERVAL_MS);
        assertThat(state().targetEpoch()).isEqualTo(state().groupEpoch());
        for (int i = 0; i < 3; i++) {
            all.forEach(TestConsumer::beat);
        }
        assertThat(state().state()).isEqualTo(ConsumerGroup.State.STABLE);
        assertThat(all).allMatch(member -> member.owned.size() == 2);
    }

    private void addPartitions(int partitions) {
        MetadataImage image = group.image();
        for (int partition = 4; partition < partitions; partition++) {
            image =
                    image.apply(
                            image.nextOffset(),
                            new PartitionRecord()
                                    .setTopicId(GroupHarness.TOPIC_ID)
                                    .setPartitionId(partition));
        }
        group.setImage(image);
    }

    @Test
    void theIntervalGrowsWithTheGroupUnlessItIsSet() {
        assertThat(AssignmentPace.intervalMs(null, 1_000, 1)).isZero();
        assertThat(AssignmentPace.intervalMs(null, 1_000, 50)).isZero();
        assertThat(AssignmentPace.intervalMs(null, 1_000, 150)).isEqualTo(200);
        assertThat(AssignmentPace.intervalMs(null, 1_000, 10_000)).isEqualTo(1_000);
        assertThat(AssignmentPace.intervalMs(0, 1_000, 10_000)).isZero();
        assertThat(AssignmentPace.intervalMs(700, 1_000, 1)).isEqualTo(700);
    }

    @Test
    void aTargetOfAnotherClockIsNotWaitedFor() {
        gather();
        join("a");
        group.goBack(10 * INTERVAL_MS);
        join("b");
        assertThat(state().targetEpoch()).isEqualTo(2);
    }

    @Test
    void shareGroupsGatherToo() {
        setInterval(GroupConfigs.SHARE_ASSIGNMENT_INTERVAL_MS);
        beat("a", 0);
        int targetEpoch = shareTargetEpoch();
        beat("b", 0);
        beat("c", 0);
        assertThat(shareTargetEpoch()).isEqualTo(targetEpoch);
        group.pass(INTERVAL_MS);
        assertThat(shareTargetEpoch()).isEqualTo(targetEpoch + 2);
    }

    private int shareTargetEpoch() {
        return Objects.requireNonNull(group.shard().shareGroup(GroupHarness.GROUP)).targetEpoch();
    }

    private void beat(String memberId, int epoch) {
        var answer =
                group.call(
                        new ShareGroupHeartbeatRequestData()
                                .setGroupId(GroupHarness.GROUP)
                                .setMemberId(memberId)
                                .setMemberEpoch(epoch)
                                .setSubscribedTopicNames(List.of("orders")),
                        1,
                        ShareGroupHeartbeatResponseData.class);
        assertThat(answer.errorCode()).isZero();
    }
}
