package io.headrace.coordinator.metadata;

import io.headrace.coordinator.cluster.ClusterRules;
import io.headrace.coordinator.cluster.CoordinatorIdentity;
import io.headrace.coordinator.cluster.node.RegisterNode;
import io.headrace.coordinator.cluster.topic.CreateTopics;
import io.headrace.protocol.message.RegisterNodeRequestData;
import io.headrace.protocol.message.RegisterNodeRequestData.NodeEndpoint;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableReplicaAssignment;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** A process that creates topics one after the other and says which it was told are created. */
final class TopicWriter {
    private TopicWriter() {}

    static Controller controller(Path directory) throws Exception {
        Controller controller =
                new Controller(
                        ControllerOptions.of(
                                1001,
                                ClusterRules.defaults(),
                                () -> Database.embedded(directory),
                                new Random()));
        controller.start(
                new CoordinatorIdentity(1001, Uuid.randomUuid(), "localhost", 9094, Map.of()),
                () -> true);
        controller.ready().get(60, TimeUnit.SECONDS);
        return controller;
    }

    static void registerNode(Controller controller) throws Exception {
        RegisterNodeRequestData node =
                new RegisterNodeRequestData()
                        .setNodeId(1)
                        .setRole("storage")
                        .setIncarnationId(Uuid.randomUuid())
                        .setLogDirs(List.of(new Uuid(1, 1)));
        node.endpoints()
                .add(new NodeEndpoint().setName("CLIENT").setHost("localhost").setPort(9092));
        controller.submit(new RegisterNode(node)).get(10, TimeUnit.SECONDS);
    }

    static CreateTopicsRequestData topicOnNodeOne(String name) {
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
        return request;
    }

    public static void main(String[] arguments) throws Exception {
        Controller controller = controller(Path.of(arguments[0]));
        registerNode(controller);
        for (int i = 0; ; i++) {
            CreateTopicsRequestData request = topicOnNodeOne("topic-" + i);
            var answer = controller.submit(new CreateTopics(request)).get(10, TimeUnit.SECONDS);
            if (answer.topics().iterator().next().errorCode() != 0) {
                throw new IllegalStateException(answer.toString());
            }
            System.out.println("created topic-" + i);
        }
    }
}
