package io.headrace.coordinator.handler;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.cluster.ClusterRules;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData.DeleteTopicState;
import org.apache.kafka.common.message.DeleteTopicsResponseData;
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

/** The coordinator over real sockets: what a storage node does with it. */
@Timeout(60)
class CoordinatorWireTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    @TempDir Path directory;

    @Test
    void aNodeRegistersFollowsTheLogAndForwardsTopicRequests() throws Exception {
        MetadataImage last;
        try (CoordinatorFixture coordinator =
                new CoordinatorFixture(directory, ClusterRules.defaults())) {
            NodeFake node = coordinator.node(1);
            assertThat(node.register().errorCode()).isEqualTo(Errors.NONE.code());
            node.follow();
            Eventually.until(
                    LIMIT,
                    () -> node.image().isActive(1, node.nodeEpoch()),
                    "the node is unfenced");

            CreateTopicsResponseData created = create(node, "orders", 3);
            var result = Objects.requireNonNull(created.topics().find("orders"));
            assertThat(Errors.forCode(result.errorCode())).isEqualTo(Errors.NONE);
            // Answered only once this node has applied it.
            TopicImage topic = Objects.requireNonNull(node.image().topic("orders"));
            assertThat(topic.topicId()).isEqualTo(result.topicId());
            assertThat(topic.partitions().values())
                    .hasSize(3)
                    .extracting(PartitionImage::leaderNodeEpoch)
                    .containsOnly(node.nodeEpoch());

            assertThat(create(node, "orders", 1).topics().find("orders").errorCode())
                    .isEqualTo(Errors.TOPIC_ALREADY_EXISTS.code());
            create(node, "gone", 2);
            assertThat(delete(node, "gone").responses().find("gone").errorCode())
                    .isEqualTo(Errors.NONE.code());
            assertThat(node.image().topic("gone")).isNull();
            last = node.image();
        }
        try (CoordinatorFixture coordinator =
                new CoordinatorFixture(directory, ClusterRules.defaults())) {
            MetadataImage again = coordinator.controller().metadataLog().image();
            assertThat(again.clusterId()).isEqualTo(last.clusterId());
            assertThat(again.topicsById()).isEqualTo(last.topicsById());
            assertThat(again.nodes()).isEqualTo(last.nodes());
            assertThat(again.controllerEpoch()).isGreaterThan(last.controllerEpoch());
            assertThat(again.nextOffset()).isGreaterThan(last.nextOffset());

            NodeFake back = coordinator.node(1);
            back.register();
            back.follow();
            Eventually.until(
                    LIMIT,
                    () -> {
                        PartitionImage partition =
                                back.image()
                                        .partition(
                                                Objects.requireNonNull(last.topic("orders"))
                                                        .topicId(),
                                                2);
                        return partition != null
                                && partition.leaderNodeEpoch() == back.nodeEpoch()
                                && partition.leaderEpoch() == 1;
                    },
                    "the new incarnation leads");
        }
    }

    static CreateTopicsResponseData create(NodeFake node, String name, int partitions)
            throws Exception {
        CreateTopicsRequestData request = new CreateTopicsRequestData();
        request.topics()
                .add(
                        new CreatableTopic()
                                .setName(name)
                                .setNumPartitions(partitions)
                                .setReplicationFactor((short) 1));
        return node.forward(
                        ApiKeys.CREATE_TOPICS, (short) 7, request, CreateTopicsResponseData.class)
                .get(10, TimeUnit.SECONDS);
    }

    static DeleteTopicsResponseData delete(NodeFake node, String name) throws Exception {
        DeleteTopicsRequestData request =
                new DeleteTopicsRequestData()
                        .setTopics(
                                List.of(
                                        new DeleteTopicState()
                                                .setName(name)
                                                .setTopicId(Uuid.ZERO_UUID)));
        return node.forward(
                        ApiKeys.DELETE_TOPICS, (short) 6, request, DeleteTopicsResponseData.class)
                .get(10, TimeUnit.SECONDS);
    }
}
