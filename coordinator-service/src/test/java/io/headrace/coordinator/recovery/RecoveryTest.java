package io.headrace.coordinator.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.recovery.NodeReport.ReportedLog;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.protocol.metadata.record.ClusterRecord;
import io.headrace.protocol.metadata.record.NodeRecord;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.protocol.metadata.record.ProducerIdsRecord;
import io.headrace.protocol.metadata.record.ShardOwnerRecord;
import io.headrace.protocol.metadata.record.TakeOverRecord;
import io.headrace.protocol.metadata.record.TopicRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * What is made of a database restored from an older state and of what nodes report: three nodes,
 * whose common history ends at offset 100; the lost one goes on to 200 in the same controller
 * epoch, the database's to 150 in the next one.
 */
class RecoveryTest {
    private static final Uuid OLD = new Uuid(7, 1);
    private static final Uuid RESTORED = new Uuid(7, 2);
    private static final Uuid RECOVERED = new Uuid(7, 3);
    private static final Uuid ORDERS = new Uuid(8, 1);
    private static final RecoveryChoice NEWEST =
            new RecoveryChoice(RecoveryChoice.NEWEST, Set.of());

    private static List<ApiMessage> base(long controllerEpoch, Uuid takeOverId) {
        List<ApiMessage> records = new ArrayList<>();
        records.add(new ClusterRecord().setClusterId("a cluster"));
        records.add(
                new TakeOverRecord()
                        .setControllerId(1001)
                        .setControllerEpoch(controllerEpoch)
                        .setTakeOverId(takeOverId));
        for (int nodeId = 1; nodeId <= 3; nodeId++) {
            records.add(
                    new NodeRecord()
                            .setNodeId(nodeId)
                            .setIncarnationId(new Uuid(1, nodeId))
                            .setNodeEpoch(10 + nodeId)
                            .setLogDirs(List.of(new Uuid(2, nodeId))));
        }
        return records;
    }

    private static MetadataImage image(List<ApiMessage> records, long nextOffset) {
        return MetadataImage.EMPTY.applyAll(records, nextOffset);
    }

    private static void topic(List<ApiMessage> records, Uuid id, String name) {
        records.add(new TopicRecord().setTopicId(id).setName(name));
    }

    /** Partition 0 on three nodes, the first of the ISR leading; every node of epoch 10 + id. */
    private static PartitionRecord partition(Uuid topicId, int leaderEpoch, Integer... isr) {
        List<PartitionRecord.IsrMember> members = new ArrayList<>();
        for (int nodeId : isr) {
            members.add(
                    new PartitionRecord.IsrMember().setNodeId(nodeId).setNodeEpoch(10L + nodeId));
        }
        return new PartitionRecord()
                .setTopicId(topicId)
                .setPartitionId(0)
                .setReplicas(List.of(1, 2, 3))
                .setIsr(members)
                .setLeader(isr[0])
                .setLeaderNodeEpoch(10L + isr[0])
                .setLeaderEpoch(leaderEpoch)
                .setPartitionEpoch(leaderEpoch + 20)
                .setMinInSyncReplicas(2);
    }

    /** What nodes 1 to 3 knew: orders in leader epoch 5, and a topic made after the backup. */
    private static List<ApiMessage> lostRecords() {
        List<ApiMessage> records = base(4, OLD);
        topic(records, ORDERS, "orders");
        records.add(partition(ORDERS, 5, 2, 1, 3));
        topic(records, new Uuid(8, 2), "lost");
        records.add(partition(new Uuid(8, 2), 0, 1, 2, 3));
        records.add(
                new ShardOwnerRecord()
                        .setKind(ShardOwnerImage.GROUP)
                        .setShard(0)
                        .setOwnerId(1001)
                        .setShardEpoch(3));
        records.add(new ProducerIdsRecord().setNextProducerId(5_000));
        return records;
    }

    private static MetadataImage lost() {
        return image(lostRecords(), 200);
    }

    /**
     * What the database has: orders in leader epoch 1, and topics that the lost history has not.
     */
    private static MetadataImage database() {
        List<ApiMessage> records = base(5, RESTORED);
        topic(records, ORDERS, "orders");
        records.add(partition(ORDERS, 1, 1, 2, 3));
        topic(records, new Uuid(8, 3), "written");
        records.add(partition(new Uuid(8, 3), 7, 1, 2, 3));
        topic(records, new Uuid(8, 4), "deleted");
        records.add(partition(new Uuid(8, 4), 0, 1, 2, 3));
        return image(records, 150);
    }

    private static boolean inHistory(MetadataImage image) {
        return image.takeOverId().equals(RESTORED) || image.nextOffset() <= 100;
    }

    private static NodeReport report(int nodeId, MetadataImage image, ReportedLog... logs) {
        return new NodeReport(
                nodeId, "host:" + nodeId, 10 + nodeId, true, image, Arrays.asList(logs));
    }

    private static ReportedLog log(Uuid topicId, String topic, int leaderEpoch, long endOffset) {
        return new ReportedLog(topicId, topic, 0, leaderEpoch, 0, endOffset);
    }

    private static RecoveryPlan plan(RecoveryChoice choice, NodeReport... reports) {
        return Recovery.plan(
                database(), Arrays.asList(reports), RecoveryTest::inHistory, choice, RECOVERED);
    }

    private static RecoveryPlan usual(ReportedLog... logs) {
        MetadataImage older = image(lostRecords(), 190);
        return plan(NEWEST, report(1, older, logs), report(2, lost()), report(3, older));
    }

    private static PartitionImage orders(MetadataImage image) {
        return Objects.requireNonNull(image.partition(ORDERS, 0));
    }

    @Test
    void nothingIsDoneWhenNothingIsLost() {
        RecoveryPlan plan =
                plan(NEWEST, report(1, database()), report(2, database()), report(3, database()));
        assertThat(plan.isNeeded()).isFalse();
        assertThat(plan.isApplicable()).isFalse();
        assertThat(plan.refusals()).isEmpty();
    }

    @Test
    void theNewestImageIsTakenWithEveryEpochAboveWhatWasShown() {
        RecoveryPlan plan = usual(log(ORDERS, "orders", 9, 10));
        assertThat(plan.refusals()).isEmpty();
        assertThat(plan.isApplicable()).isTrue();
        assertThat(Objects.requireNonNull(plan.source()).nodeId()).isEqualTo(2);
        MetadataImage recovered = plan.recovered();
        assertThat(recovered.clusterId()).isEqualTo("a cluster");
        assertThat(recovered.nextOffset()).isGreaterThan(200);
        assertThat(recovered.controllerEpoch()).isEqualTo(6);
        assertThat(recovered.takeOverId()).isEqualTo(RECOVERED);
        assertThat(recovered.nextProducerId()).isGreaterThan(5_000);
        assertThat(recovered.shardOwner(ShardOwnerImage.GROUP, 0))
                .extracting(ShardOwnerImage::shardEpoch)
                .isEqualTo(13);
        PartitionImage orders = orders(recovered);
        assertThat(orders.leaderEpoch()).as("above the log of node 1").isEqualTo(10);
        assertThat(orders.partitionEpoch()).isEqualTo(26);
        assertThat(orders.leaderId()).isEqualTo(2);
        // Everybody is as before, under a node epoch that no registration ever had.
        assertThat(orders.isr()).extracting(IsrMember::nodeId).containsExactly(2, 1, 3);
        for (IsrMember member : orders.isr()) {
            assertThat(member.nodeEpoch()).isBetween(201L, recovered.nextOffset() - 1);
            assertThat(recovered.nodes().get(member.nodeId()))
                    .extracting(node -> Objects.requireNonNull(node).nodeEpoch())
                    .isEqualTo(member.nodeEpoch());
        }
        assertThat(orders.leaderNodeEpoch())
                .isEqualTo(Objects.requireNonNull(orders.isrMember(2)).nodeEpoch());
    }

    @Test
    void topicsComeBackAndOnlyThoseWithoutARecordGo() {
        RecoveryPlan plan = usual(log(new Uuid(8, 3), "written", 8, 1));
        assertThat(plan.restoredTopics()).containsExactly("lost");
        assertThat(plan.keptTopics()).containsExactly("written");
        assertThat(plan.droppedTopics()).containsExactly("deleted");
        assertThat(plan.recovered().topicIds()).containsOnlyKeys("orders", "lost", "written");
        assertThat(plan.recovered().partition(new Uuid(8, 3), 0))
                .extracting(partition -> Objects.requireNonNull(partition).leaderEpoch())
                .isEqualTo(9);
    }

    @Test
    void aNodeThatGivesNoReportIsWaitedForUnlessLeftOut() {
        NodeReport first = report(1, lost());
        NodeReport second = report(2, lost());
        assertThat(plan(NEWEST, first, second).refusals())
                .singleElement()
                .asString()
                .contains("Node 3 gave no report");
        RecoveryChoice without = new RecoveryChoice(RecoveryChoice.NEWEST, Set.of(3));
        assertThat(plan(without, first, second).isApplicable()).isTrue();
        assertThat(plan(without, first, second, report(3, lost())).refusals())
                .singleElement()
                .asString()
                .contains("Node 3 is there");
    }

    @Test
    void ofTwoLostHistoriesAPersonChooses() {
        List<ApiMessage> other = base(4, new Uuid(7, 9));
        topic(other, ORDERS, "orders");
        other.add(partition(ORDERS, 6, 3, 1, 2));
        NodeReport third = report(3, image(other, 180));
        assertThat(plan(NEWEST, report(1, lost()), report(2, lost()), third).refusals())
                .singleElement()
                .asString()
                .contains("different histories");
        RecoveryPlan chosen =
                plan(new RecoveryChoice(3, Set.of()), report(1, lost()), report(2, lost()), third);
        assertThat(chosen.isApplicable()).isTrue();
        assertThat(orders(chosen.recovered()).leaderId()).isEqualTo(3);
        assertThat(orders(chosen.recovered()).leaderEpoch()).isEqualTo(7);
        assertThat(plan(new RecoveryChoice(1, Set.of()), report(1, database())).refusals())
                .anyMatch(refusal -> refusal.contains("Node 1 has nothing"));
    }

    @Test
    void aNodeThatHasLedInTheOtherHistoryIsRefused() {
        // The database says that node 1 leads orders, and node 1 follows the database.
        RecoveryPlan plan =
                plan(
                        NEWEST,
                        report(1, database(), log(ORDERS, "orders", 1, 50)),
                        report(2, lost()),
                        report(3, lost()));
        assertThat(plan.refusals()).singleElement().asString().contains("led orders-0");
        assertThat(plan.isApplicable()).isFalse();
    }

    @Test
    void aNodeStartedSinceTheLossIsInSyncNoMore() {
        RecoveryPlan plan =
                plan(
                        NEWEST,
                        report(1, lost()),
                        report(2, database(), log(ORDERS, "orders", 1, 5)),
                        report(3, lost()));
        assertThat(plan.refusals()).isEmpty();
        PartitionImage orders = orders(plan.recovered());
        assertThat(orders.isr()).extracting(IsrMember::nodeId).containsExactly(1, 3);
        assertThat(orders.leaderId()).as("it led, and is elected anew").isEqualTo(-1);
    }

    @Test
    void anOnlyReplicaThatWasSetAsideIsRefused() {
        List<ApiMessage> records = lostRecords();
        records.add(partition(ORDERS, 6, 2));
        MetadataImage alone = image(records, 200);
        NodeReport first = report(1, alone);
        NodeReport third = report(3, alone);
        RecoveryPlan refused = plan(NEWEST, first, report(2, database()), third);
        assertThat(refused.refusals()).singleElement().asString().contains("orders-0.<id>-stray");
        RecoveryPlan held =
                plan(NEWEST, first, report(2, database(), log(ORDERS, "orders", 6, 5)), third);
        assertThat(held.isApplicable()).isTrue();
        assertThat(orders(held.recovered()).isr()).extracting(IsrMember::nodeId).containsExactly(2);
    }

    @Test
    void aNodeOfAnotherClusterIsRefused() {
        List<ApiMessage> records = lostRecords();
        records.add(new ClusterRecord().setClusterId("another"));
        RecoveryPlan plan =
                plan(NEWEST, report(1, lost()), report(2, lost()), report(3, image(records, 200)));
        assertThat(plan.refusals()).anyMatch(refusal -> refusal.contains("cluster another"));
    }
}
