package io.headrace.coordinator.metadata;

import io.headrace.coordinator.cluster.ClusterRules;
import io.headrace.coordinator.cluster.CoordinatorIdentity;
import io.headrace.coordinator.cluster.node.RegisterNode;
import io.headrace.coordinator.cluster.topic.CreateTopics;
import io.headrace.coordinator.postgres.DatabaseLink;
import io.headrace.coordinator.postgres.TestPostgres;
import io.headrace.protocol.message.RegisterNodeRequestData;
import io.headrace.protocol.message.RegisterNodeRequestData.NodeEndpoint;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableReplicaAssignment;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.protocol.Errors;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

import javax.sql.DataSource;

/** A controller on PostgreSQL, over a link to it that can be cut. */
final class TestController implements AutoCloseable {
    private final DatabaseLink link = new DatabaseLink(TestPostgres.port());
    private final Uuid incarnationId = Uuid.randomUuid();
    private final Map<Integer, Uuid> nodes = new ConcurrentHashMap<>();
    private final int id;
    private final Controller controller;

    TestController(int id, String database) {
        this(id, database, dataSource -> dataSource);
    }

    TestController(int id, String database, UnaryOperator<DataSource> between) {
        this.id = id;
        String url = TestPostgres.url(link.port(), database);
        controller =
                new Controller(
                        ControllerOptions.of(
                                id,
                                ClusterRules.defaults(),
                                () ->
                                        Database.postgresql(url, TestPostgres.USER, "")
                                                .seenThrough(between),
                                new Random()));
    }

    TestController start() {
        return start(() -> true);
    }

    /**
     * @param isWarm whether it may be given shards
     */
    TestController start(BooleanSupplier isWarm) {
        controller.start(
                new CoordinatorIdentity(id, incarnationId, "localhost", 9000 + id, Map.of()),
                isWarm);
        return this;
    }

    DatabaseLink link() {
        return link;
    }

    Controller controller() {
        return controller;
    }

    Uuid incarnationId() {
        return incarnationId;
    }

    int id() {
        return id;
    }

    void awaitReady() throws Exception {
        controller.ready().get(30, TimeUnit.SECONDS);
    }

    void registerNode(int nodeId) throws Exception {
        controller.submit(registration(nodeId, incarnationOf(nodeId))).get(10, TimeUnit.SECONDS);
    }

    /** A storage node's registration. */
    static RegisterNode registration(int nodeId, Uuid incarnationId) {
        RegisterNodeRequestData node =
                new RegisterNodeRequestData()
                        .setNodeId(nodeId)
                        .setRole("storage")
                        .setIncarnationId(incarnationId)
                        .setLogDirs(List.of(new Uuid(1, nodeId)));
        node.endpoints()
                .add(new NodeEndpoint().setName("CLIENT").setHost("localhost").setPort(9092));
        return new RegisterNode(node);
    }

    /** The incarnation under which a node registers here. */
    Uuid incarnationOf(int nodeId) {
        return nodes.computeIfAbsent(nodeId, any -> Uuid.randomUuid());
    }

    /** Some nodes are heard, and have applied everything. */
    void poll(int... nodeIds) {
        var image = controller.metadataLog().image();
        for (int nodeId : nodeIds) {
            var node = image.nodes().get(nodeId);
            if (node != null) {
                controller.onPoll(nodeId, node.nodeEpoch(), image.nextOffset());
            }
        }
    }

    /** The membership reports nodes gone, so that their silence counts after a short while. */
    void shortSessions(int... nodeIds) {
        for (int nodeId : nodeIds) {
            controller.onNodeSeen(nodeId, incarnationOf(nodeId), false);
        }
    }

    /** Asks for a topic on node 1. */
    CompletableFuture<Errors> createTopic(String name) {
        CreateTopicsRequestData request = new CreateTopicsRequestData();
        CreatableTopic topic =
                new CreatableTopic()
                        .setName(name)
                        .setNumPartitions(-1)
                        .setReplicationFactor((short) -1);
        topic.assignments()
                .add(
                        new CreatableReplicaAssignment()
                                .setPartitionIndex(0)
                                .setBrokerIds(List.of(1)));
        request.topics().add(topic);
        return controller
                .submit(new CreateTopics(request))
                .thenApply(answer -> Errors.forCode(answer.topics().iterator().next().errorCode()));
    }

    @Override
    public void close() throws IOException {
        link.mend();
        controller.close();
        link.close();
    }
}
