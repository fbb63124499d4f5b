package io.headrace.coordinator.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.group.share.ShareGroup;
import io.headrace.coordinator.group.share.StatePlace;
import io.headrace.coordinator.group.share.StateSummary;
import io.headrace.coordinator.group.space.GroupEvent;
import io.headrace.coordinator.group.space.GroupTask.DeleteStates;
import io.headrace.coordinator.group.space.GroupTask.InitializeStates;
import io.headrace.coordinator.group.space.GroupTask.SumStates;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AlterShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.AlterShareGroupOffsetsRequestData.AlterShareGroupOffsetsRequestPartition;
import org.apache.kafka.common.message.AlterShareGroupOffsetsRequestData.AlterShareGroupOffsetsRequestTopic;
import org.apache.kafka.common.message.AlterShareGroupOffsetsResponseData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData;
import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteGroupsResponseData;
import org.apache.kafka.common.message.DeleteShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.DeleteShareGroupOffsetsRequestData.DeleteShareGroupOffsetsRequestTopic;
import org.apache.kafka.common.message.DeleteShareGroupOffsetsResponseData;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsRequestData.DescribeShareGroupOffsetsRequestGroup;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsResponseData;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.ShareGroupDescribeRequestData;
import org.apache.kafka.common.message.ShareGroupDescribeResponseData;
import org.apache.kafka.common.message.ShareGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ShareGroupHeartbeatResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/** The group side of KIP-932, claim by claim. */
class ShareGroupSpecTest {
    private static final String GROUP = "queue";
    private static final Uuid ORDERS = GroupHarness.TOPIC_ID;
    private static final Uuid BILLS = new Uuid(3, 4);

    private final GroupHarness harness = GroupHarness.withoutDelay();

    private ShareGroup group() {
        return Objects.requireNonNull(harness.shard().shareGroup(GROUP));
    }

    private ShareGroupHeartbeatResponseData beat(
            String memberId, int epoch, @Nullable List<String> topics) {
        return harness.call(
                new ShareGroupHeartbeatRequestData()
                        .setGroupId(GROUP)
                        .setMemberId(memberId)
                        .setMemberEpoch(epoch)
                        .setSubscribedTopicNames(topics),
                1,
                ShareGroupHeartbeatResponseData.class);
    }

    private static Map<Uuid, Set<Integer>> assigned(ShareGroupHeartbeatResponseData answer) {
        Map<Uuid, Set<Integer>> assigned = new HashMap<>();
        Objects.requireNonNull(answer.assignment())
                .topicPartitions()
                .forEach(topic -> assigned.put(topic.topicId(), new TreeSet<>(topic.partitions())));
        return assigned;
    }

    /** Answers what is to be initialized next. */
    private InitializeStates initialize(Errors error) {
        InitializeStates task = (InitializeStates) harness.stateTasks().remove();
        Map<StatePlace, Errors> outcomes = new HashMap<>();
        task.startOffsets().keySet().forEach(place -> outcomes.put(place, error));
        harness.deliver(new GroupEvent.StatesChanged(task.taskId(), outcomes));
        return task;
    }

    private DeleteStates delete(Errors error) {
        DeleteStates task = (DeleteStates) harness.stateTasks().remove();
        Map<StatePlace, Errors> outcomes = new HashMap<>();
        task.places().forEach(place -> outcomes.put(place, error));
        harness.deliver(new GroupEvent.StatesChanged(task.taskId(), outcomes));
        return task;
    }

    /** A group with one member that has all of the topic. */
    private int stable(String memberId) {
        beat(memberId, 0, List.of("orders"));
        initialize(Errors.NONE);
        ShareGroupHeartbeatResponseData answer = beat(memberId, 1, null);
        assertThat(assigned(answer)).containsEntry(ORDERS, Set.of(0, 1, 2, 3));
        return answer.memberEpoch();
    }

    private void leave(String memberId) {
        assertThat(beat(memberId, -1, null).memberEpoch()).isEqualTo(-1);
    }

    @Test
    void partitionsAreAssignedOnceTheirStatesAreThere() {
        ShareGroupHeartbeatResponseData joined = beat("a", 0, List.of("orders"));
        assertThat(joined.memberEpoch()).isEqualTo(1);
        assertThat(assigned(joined)).isEmpty();
        assertThat(group().states().initializing()).containsKey(ORDERS);

        InitializeStates task = initialize(Errors.NONE);
        assertThat(task.stateEpoch()).isEqualTo(1);
        assertThat(task.startOffsets()).hasSize(4).containsEntry(new StatePlace(ORDERS, 3), -1L);
        assertThat(group().states().initialized(ORDERS)).containsExactly(0, 1, 2, 3);
        ShareGroupHeartbeatResponseData next = beat("a", 1, null);
        assertThat(next.memberEpoch()).isEqualTo(2);
        assertThat(assigned(next)).containsEntry(ORDERS, Set.of(0, 1, 2, 3));
        assertThat(beat("a", 2, null).assignment()).isNull();
    }

    @Test
    void membersSharePartitionsEvenly() {
        int epoch = stable("a");
        ShareGroupHeartbeatResponseData b = beat("b", 0, List.of("orders"));
        ShareGroupHeartbeatResponseData a = beat("a", epoch, null);
        assertThat(assigned(a).get(ORDERS)).hasSize(2);
        assertThat(assigned(b).get(ORDERS))
                .hasSize(2)
                .doesNotContainAnyElementsOf(assigned(a).get(ORDERS));
        for (int i = 0; i < 6; i++) {
            beat("more-" + i, 0, List.of("orders"));
        }
        Map<Integer, Integer> readers = new HashMap<>();
        group().members()
                .forEach(
                        member -> {
                            Set<Integer> target =
                                    group().target(member.memberId())
                                            .getOrDefault(ORDERS, Set.of());
                            assertThat(target).hasSize(1);
                            target.forEach(partition -> readers.merge(partition, 1, Integer::sum));
                        });
        assertThat(readers).containsExactlyInAnyOrderEntriesOf(Map.of(0, 2, 1, 2, 2, 2, 3, 2));
    }

    @Test
    void aNewOwnerHasTheSameGroup() {
        int epoch = stable("a");
        beat("b", 0, List.of("orders"));
        harness.restart();
        assertThat(group().memberCount()).isEqualTo(2);
        assertThat(group().states().initialized(ORDERS)).hasSize(4);
        assertThat(assigned(beat("a", epoch, null)).get(ORDERS)).hasSize(2);
        assertThat(harness.stateTasks()).isEmpty();
    }

    @Test
    void aNewOwnerFinishesStatesThatWereBeingMade() {
        beat("a", 0, List.of("orders"));
        harness.stateTasks().clear(); // lost with the owner
        harness.restart();
        beat("a", 1, null);
        initialize(Errors.NONE);
        assertThat(assigned(beat("a", 1, null)).get(ORDERS)).hasSize(4);
    }

    @Test
    void statesThatCouldNotBeMadeAreTriedAgain() {
        beat("a", 0, List.of("orders"));
        initialize(Errors.COORDINATOR_NOT_AVAILABLE);
        assertThat(harness.stateTasks()).isEmpty();
        harness.pass(1_000);
        initialize(Errors.NONE);
        assertThat(assigned(beat("a", 1, null)).get(ORDERS)).hasSize(4);
    }

    @Test
    void aMemberThatIsSilentIsTakenOut() {
        stable("a");
        harness.pass(45_000);
        assertThat(group().memberCount()).isZero();
        assertThat(beat("a", 2, null).errorCode()).isEqualTo(Errors.UNKNOWN_MEMBER_ID.code());
    }

    @Test
    void epochsThatAreNotTheMembersAreFenced() {
        int epoch = stable("a");
        assertThat(beat("a", epoch + 1, null).errorCode())
                .isEqualTo(Errors.FENCED_MEMBER_EPOCH.code());
        // The answer to the heartbeat before was lost: it is told again.
        assertThat(assigned(beat("a", epoch - 1, null)).get(ORDERS)).hasSize(4);
        beat("b", 0, List.of("orders"));
        beat("a", epoch, null);
        assertThat(beat("a", epoch - 1, null).errorCode())
                .isEqualTo(Errors.FENCED_MEMBER_EPOCH.code());
    }

    @Test
    void requestsWithoutWhatTheyNeedAreRefused() {
        assertThat(beat("", 0, List.of("orders")).errorCode())
                .isEqualTo(Errors.INVALID_REQUEST.code());
        assertThat(beat("a", 0, null).errorCode()).isEqualTo(Errors.INVALID_REQUEST.code());
        assertThat(beat("a", -2, null).errorCode()).isEqualTo(Errors.INVALID_REQUEST.code());
        assertThat(beat("a", 3, null).errorCode()).isEqualTo(Errors.GROUP_ID_NOT_FOUND.code());
        assertThat(harness.log()).isEmpty();
    }

    @Test
    void aGroupIsOfOneKind() {
        stable("a");
        ConsumerGroupHeartbeatRequestData consumer =
                new ConsumerGroupHeartbeatRequestData()
                        .setGroupId(GROUP)
                        .setMemberId("c")
                        .setMemberEpoch(0)
                        .setRebalanceTimeoutMs(1_000)
                        .setSubscribedTopicNames(List.of("orders"))
                        .setTopicPartitions(List.of());
        assertThat(harness.call(consumer, 1, ConsumerGroupHeartbeatResponseData.class).errorCode())
                .isEqualTo(Errors.GROUP_ID_NOT_FOUND.code());
        assertThat(
                        harness.call(
                                        consumer.duplicate().setGroupId("other"),
                                        1,
                                        ConsumerGroupHeartbeatResponseData.class)
                                .errorCode())
                .isZero();
        assertThat(
                        harness.call(
                                        new ShareGroupHeartbeatRequestData()
                                                .setGroupId("other")
                                                .setMemberId("a")
                                                .setSubscribedTopicNames(List.of("orders")),
                                        1,
                                        ShareGroupHeartbeatResponseData.class)
                                .errorCode())
                .isEqualTo(Errors.GROUP_ID_NOT_FOUND.code());
    }

    @Test
    void groupsAreListedAndDescribed() {
        int epoch = stable("a");
        var listed =
                harness.call(
                        new ListGroupsRequestData().setTypesFilter(List.of("share")),
                        5,
                        ListGroupsResponseData.class);
        assertThat(listed.groups()).hasSize(1);
        assertThat(listed.groups().getFirst().groupType()).isEqualTo("Share");
        assertThat(listed.groups().getFirst().protocolType()).isEqualTo("share");
        var described =
                harness.call(
                                new ShareGroupDescribeRequestData()
                                        .setGroupIds(List.of(GROUP, "none")),
                                1,
                                ShareGroupDescribeResponseData.class)
                        .groups();
        assertThat(described.getFirst().groupState()).isEqualTo("Stable");
        assertThat(described.getFirst().assignorName()).isEqualTo("simple");
        assertThat(described.getFirst().groupEpoch()).isEqualTo(epoch);
        assertThat(described.getFirst().members().getFirst().assignment().topicPartitions())
                .hasSize(1);
        assertThat(described.get(1).errorCode()).isEqualTo(Errors.GROUP_ID_NOT_FOUND.code());
    }

    @Test
    void aDeletedTopicIsForgottenAndANewOneIsTakenIn() {
        int epoch = stable("a");
        harness.setImage(TestCluster.withTopic(harness.image(), "bills", BILLS, 1));
        ShareGroupHeartbeatResponseData answer = beat("a", epoch, List.of("orders", "bills"));
        initialize(Errors.NONE);
        answer = beat("a", answer.memberEpoch(), null);
        assertThat(assigned(answer)).containsKeys(ORDERS, BILLS);
        harness.setImage(TestCluster.withoutTopic(harness.image(), ORDERS));
        assertThat(group().states().topics()).containsOnlyKeys(BILLS);
        assertThat(assigned(beat("a", answer.memberEpoch(), null))).containsOnlyKeys(BILLS);
    }

    // Offsets.

    private static AlterShareGroupOffsetsRequestData altering(
            String topic, int partition, long to) {
        AlterShareGroupOffsetsRequestTopic asked =
                new AlterShareGroupOffsetsRequestTopic().setTopicName(topic);
        asked.partitions()
                .add(
                        new AlterShareGroupOffsetsRequestPartition()
                                .setPartitionIndex(partition)
                                .setStartOffset(to));
        AlterShareGroupOffsetsRequestData request =
                new AlterShareGroupOffsetsRequestData().setGroupId(GROUP);
        request.topics().add(asked);
        return request;
    }

    @Test
    void offsetsOfAGroupWithMembersStay() {
        stable("a");
        assertThat(
                        harness.call(
                                        altering("orders", 0, 7),
                                        0,
                                        AlterShareGroupOffsetsResponseData.class)
                                .errorCode())
                .isEqualTo(Errors.NON_EMPTY_GROUP.code());
        assertThat(deleteOffsets("orders").errorCode()).isEqualTo(Errors.NON_EMPTY_GROUP.code());
        assertThat(deleteGroup()).isEqualTo(Errors.NON_EMPTY_GROUP);
    }

    @Test
    void offsetsAreSetInANewEpoch() {
        stable("a");
        leave("a");
        int before = group().groupEpoch();
        long request = harness.send(altering("orders", 2, 7), 0);
        assertThat(harness.isAnswered(request)).isFalse();
        InitializeStates task = initialize(Errors.NONE);
        assertThat(task.stateEpoch()).isGreaterThan(before);
        assertThat(task.startOffsets()).containsOnly(Map.entry(new StatePlace(ORDERS, 2), 7L));
        var answer = harness.answer(request, AlterShareGroupOffsetsResponseData.class);
        assertThat(answer.responses().find("orders").partitions().getFirst().errorCode()).isZero();

        var unknown =
                harness.call(
                        altering("orders", 99, 7), 0, AlterShareGroupOffsetsResponseData.class);
        assertThat(unknown.responses().find("orders").partitions().getFirst().errorCode())
                .isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
    }

    @Test
    void offsetsOfAGroupThatIsNotThereYetMakeIt() {
        harness.send(altering("orders", 2, 7), 0);
        initialize(Errors.NONE);
        harness.restart();
        assertThat(group().states().initialized(ORDERS)).containsExactly(2);
    }

    @Test
    void offsetsAreShownWithTheirLag() {
        stable("a");
        var asked = new DescribeShareGroupOffsetsRequestGroup().setGroupId(GROUP).setTopics(null);
        var none = new DescribeShareGroupOffsetsRequestGroup().setGroupId("none").setTopics(null);
        long request =
                harness.send(
                        new DescribeShareGroupOffsetsRequestData().setGroups(List.of(asked, none)),
                        1);
        SumStates task = (SumStates) harness.stateTasks().remove();
        Map<StatePlace, StateSummary> summaries = new HashMap<>();
        task.places()
                .forEach(place -> summaries.put(place, new StateSummary(Errors.NONE, 5, 1, 9)));
        summaries.put(new StatePlace(ORDERS, 3), StateSummary.of(Errors.NETWORK_EXCEPTION));
        harness.deliver(new GroupEvent.StatesSummed(task.taskId(), summaries));
        Map<String, DescribeShareGroupOffsetsResponseData.DescribeShareGroupOffsetsResponseGroup>
                groups = new HashMap<>();
        harness.answer(request, DescribeShareGroupOffsetsResponseData.class)
                .groups()
                .forEach(group -> groups.put(group.groupId(), group));
        assertThat(Objects.requireNonNull(groups.get("none")).errorCode())
                .isEqualTo(Errors.GROUP_ID_NOT_FOUND.code());
        var partitions = Objects.requireNonNull(groups.get(GROUP)).topics().getFirst().partitions();
        assertThat(partitions).hasSize(4);
        assertThat(partitions.getFirst().startOffset()).isEqualTo(5);
        assertThat(partitions.getFirst().lag()).isEqualTo(9);
        assertThat(partitions.getLast().errorCode()).isEqualTo(Errors.NETWORK_EXCEPTION.code());
    }

    private DeleteShareGroupOffsetsResponseData deleteOffsets(String topic) {
        long request = sendDeleteOffsets(topic);
        if (!harness.isAnswered(request)) {
            delete(Errors.NONE);
        }
        return harness.answer(request, DeleteShareGroupOffsetsResponseData.class);
    }

    private long sendDeleteOffsets(String topic) {
        return harness.send(
                new DeleteShareGroupOffsetsRequestData()
                        .setGroupId(GROUP)
                        .setTopics(
                                List.of(
                                        new DeleteShareGroupOffsetsRequestTopic()
                                                .setTopicName(topic))),
                0);
    }

    @Test
    void deletedOffsetsAreMadeAnewForTheNextMember() {
        stable("a");
        leave("a");
        assertThat(deleteOffsets("orders").responses().getFirst().errorCode()).isZero();
        assertThat(group().states().isEmpty()).isTrue();
        assertThat(deleteOffsets("orders").responses().getFirst().errorCode())
                .isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
        assertThat(deleteOffsets("none").responses().getFirst().errorCode())
                .isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
        assertThat(assigned(beat("b", 0, List.of("orders")))).isEmpty();
        assertThat(initialize(Errors.NONE).startOffsets()).hasSize(4);
    }

    @Test
    void aDeletionThatFailedIsFinishedBeforeNewStatesAreMade() {
        stable("a");
        leave("a");
        long request = sendDeleteOffsets("orders");
        delete(Errors.COORDINATOR_NOT_AVAILABLE);
        var answer = harness.answer(request, DeleteShareGroupOffsetsResponseData.class);
        assertThat(answer.responses().getFirst().errorCode())
                .isEqualTo(Errors.COORDINATOR_NOT_AVAILABLE.code());
        harness.restart();
        beat("b", 0, List.of("orders"));
        assertThat(harness.stateTasks().getFirst()).isInstanceOf(DeleteStates.class);
        delete(Errors.NONE);
        assertThat(initialize(Errors.NONE).startOffsets()).hasSize(4);
        assertThat(group().states().deleting()).isEmpty();
    }

    // Deleting the group.

    private Errors deleteGroup() {
        long request =
                harness.send(new DeleteGroupsRequestData().setGroupsNames(List.of(GROUP)), 2);
        if (!harness.isAnswered(request)) {
            delete(Errors.NONE);
        }
        return Errors.forCode(
                harness.answer(request, DeleteGroupsResponseData.class)
                        .results()
                        .iterator()
                        .next()
                        .errorCode());
    }

    @Test
    void aGroupIsDeletedAfterItsStates() {
        stable("a");
        leave("a");
        assertThat(deleteGroup()).isEqualTo(Errors.NONE);
        assertThat(harness.shard().shareGroup(GROUP)).isNull();
        harness.restart();
        assertThat(harness.shard().shareGroup(GROUP)).isNull();
        assertThat(deleteGroup()).isEqualTo(Errors.GROUP_ID_NOT_FOUND);
    }
}
