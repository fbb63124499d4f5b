package io.headrace.coordinator.handler;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.cluster.ClusterRules;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.message.ReportSlowDisksRequestData;
import io.headrace.protocol.message.ReportSlowDisksResponseData;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AlterPartitionRequestData;
import org.apache.kafka.common.message.AlterPartitionRequestData.BrokerState;
import org.apache.kafka.common.message.AlterPartitionResponseData;
import org.apache.kafka.common.message.BrokerHeartbeatRequestData;
import org.apache.kafka.common.message.BrokerHeartbeatResponseData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableReplicaAssignment;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** Leaders, in-sync replicas and orderly stops over real sockets. */
@Timeout(60)
class ReplicaWireTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    @TempDir Path directory;

    @Test
    void aLeaderShrinksItsIsrAndHandsOverBeforeItStops() throws Exception {
        try (CoordinatorFixture coordinator =
                new CoordinatorFixture(directory, ClusterRules.defaults())) {
            List<NodeFake> nodes = start(coordinator);
            NodeFake leader = nodes.getFirst();
            NodeFake other = nodes.get(1);
            createOn(leader, 1, 2, 3);

            PartitionImage before = partition(leader);
            var answer = alterIsr(leader, before, before.isr().subList(0, 2));
            assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.NONE);
            assertThat(answer.isr()).containsExactly(1, 2);
            Eventually.until(LIMIT, () -> partition(other).isr().size() == 2, "the ISR is known");
            var late = alterIsr(leader, before, before.isr());
            assertThat(Errors.forCode(late.errorCode())).isEqualTo(Errors.INVALID_UPDATE_VERSION);

            assertThat(stop(leader).shouldShutDown()).isTrue();
            // Answered only once every node knows the new leader.
            assertThat(partition(other).leaderId()).isEqualTo(2);
            leader.close();
            Eventually.until(
                    Duration.ofSeconds(3),
                    () -> !other.image().isActive(1, leader.nodeEpoch()),
                    "the node that stopped is fenced before its session ends");
        }
    }

    /** As a node with a slow disk says it, every few seconds. */
    @Test
    void othersLeadInPlaceOfANodeWithASlowDisk() throws Exception {
        try (CoordinatorFixture coordinator =
                new CoordinatorFixture(directory, ClusterRules.defaults())) {
            List<NodeFake> nodes = start(coordinator);
            NodeFake leader = nodes.getFirst();
            createOn(leader, 1, 2, 3);
            Eventually.until(
                    LIMIT,
                    () -> {
                        assertThat(saySlow(leader, leader.nodeEpoch())).isEqualTo(Errors.NONE);
                        return partition(nodes.get(1)).leaderId() == 2;
                    },
                    "another node leads");
            assertThat(partition(leader).isr()).hasSize(3);
            assertThat(saySlow(leader, leader.nodeEpoch() - 1))
                    .isEqualTo(Errors.STALE_BROKER_EPOCH);
        }
    }

    private static Errors saySlow(NodeFake node, long nodeEpoch) throws Exception {
        ReportSlowDisksRequestData request =
                new ReportSlowDisksRequestData()
                        .setNodeId(1)
                        .setNodeEpoch(nodeEpoch)
                        .setLogDirs(List.of(new Uuid(7, 1)));
        return Errors.forCode(
                node.link()
                        .call(
                                ApiCatalog.get(ApiCatalog.REPORT_SLOW_DISKS),
                                (short) 0,
                                request,
                                ReportSlowDisksResponseData.class)
                        .get(10, TimeUnit.SECONDS)
                        .errorCode());
    }

    /** Three nodes, unfenced. */
    private static List<NodeFake> start(CoordinatorFixture coordinator) throws Exception {
        List<NodeFake> nodes =
                List.of(coordinator.node(1), coordinator.node(2), coordinator.node(3));
        for (NodeFake node : nodes) {
            node.register();
            node.follow();
        }
        NodeFake first = nodes.getFirst();
        for (NodeFake node : nodes) {
            Eventually.until(
                    LIMIT,
                    () -> first.image().isActive(nodes.indexOf(node) + 1, node.nodeEpoch()),
                    "the nodes are unfenced");
        }
        return nodes;
    }

    private static PartitionImage partition(NodeFake node) {
        var topic = Objects.requireNonNull(node.image().topic("orders"));
        return Objects.requireNonNull(topic.partition(0));
    }

    private static void createOn(NodeFake node, Integer... replicas) throws Exception {
        CreatableTopic topic =
                new CreatableTopic()
                        .setName("orders")
                        .setNumPartitions(-1)
                        .setReplicationFactor((short) -1);
        topic.assignments()
                .add(
                        new CreatableReplicaAssignment()
                                .setPartitionIndex(0)
                                .setBrokerIds(List.of(replicas)));
        CreateTopicsRequestData request = new CreateTopicsRequestData();
        request.topics().add(topic);
        node.forward(ApiKeys.CREATE_TOPICS, (short) 7, request, CreateTopicsResponseData.class)
                .get(10, TimeUnit.SECONDS);
    }

    private static AlterPartitionResponseData.PartitionData alterIsr(
            NodeFake node, PartitionImage partition, List<IsrMember> isr) throws Exception {
        var wanted =
                new AlterPartitionRequestData.PartitionData()
                        .setPartitionIndex(0)
                        .setLeaderEpoch(partition.leaderEpoch())
                        .setPartitionEpoch(partition.partitionEpoch())
                        .setNewIsrWithEpochs(
                                isr.stream()
                                        .map(
                                                member ->
                                                        new BrokerState()
                                                                .setBrokerId(member.nodeId())
                                                                .setBrokerEpoch(member.nodeEpoch()))
                                        .toList());
        var topic =
                new AlterPartitionRequestData.TopicData()
                        .setTopicId(Objects.requireNonNull(node.image().topic("orders")).topicId())
                        .setPartitions(List.of(wanted));
        AlterPartitionRequestData request =
                new AlterPartitionRequestData()
                        .setBrokerId(partition.leaderId())
                        .setBrokerEpoch(node.nodeEpoch())
                        .setTopics(List.of(topic));
        return node.link()
                .call(
                        ApiCatalog.get(ApiKeys.ALTER_PARTITION),
                        (short) 3,
                        request,
                        AlterPartitionResponseData.class)
                .get(10, TimeUnit.SECONDS)
                .topics()
                .getFirst()
                .partitions()
                .getFirst();
    }

    private static BrokerHeartbeatResponseData stop(NodeFake node) throws Exception {
        BrokerHeartbeatRequestData request =
                new BrokerHeartbeatRequestData()
                        .setBrokerId(1)
                        .setBrokerEpoch(node.nodeEpoch())
                        .setWantShutDown(true);
        return node.link()
                .call(
                        ApiCatalog.get(ApiKeys.BROKER_HEARTBEAT),
                        (short) 1,
                        request,
                        BrokerHeartbeatResponseData.class)
                .get(10, TimeUnit.SECONDS);
    }
}
