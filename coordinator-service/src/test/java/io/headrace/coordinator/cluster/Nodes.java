package io.headrace.coordinator.cluster;

import io.headrace.protocol.message.RegisterNodeRequestData;
import io.headrace.protocol.message.RegisterNodeRequestData.NodeEndpoint;
import io.headrace.protocol.metadata.Endpoint;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.record.ClusterRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopicConfig;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicResult;
import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/** A controller's state on a clock of its own, with nodes that come and go. */
final class Nodes {
    static final ClusterRules RULES = new ClusterRules(9_000, 1, 3, 50, 50, 10_000, 20_000);

    private long nowMs;
    private ControllerState state;

    Nodes() {
        MetadataImage founded =
                MetadataImage.EMPTY.apply(0, new ClusterRecord().setClusterId("this cluster"));
        state = new ControllerState(founded, RULES, new Random(42), 0);
    }

    ControllerState state() {
        return state;
    }

    MetadataImage image() {
        return state.image();
    }

    void pass(long ms) {
        nowMs += ms;
    }

    <R> R decide(Command<R> command) {
        Decision<R> decision = state.decide(command, nowMs);
        state.apply(decision.records(), nowMs);
        return decision.response();
    }

    /** Everything that time asks for. */
    void tick() {
        state.expireSessions(nowMs);
        decide(new ReviewNodes());
        while (state.electionsDue()) {
            if (decide(new ElectDueLeaders())) {
                state.electionsDone();
            }
        }
    }

    static RegisterNodeRequestData request(int nodeId, long incarnation, long logDir) {
        RegisterNodeRequestData request =
                new RegisterNodeRequestData()
                        .setNodeId(nodeId)
                        .setRole("storage")
                        .setIncarnationId(new Uuid(1, incarnation))
                        .setLogDirs(List.of(new Uuid(2, logDir)));
        request.endpoints()
                .add(
                        new NodeEndpoint()
                                .setName(Endpoint.CLIENT)
                                .setHost("host" + nodeId)
                                .setPort(9092));
        return request;
    }

    long register(int nodeId, long incarnation) {
        return decide(new RegisterNode(request(nodeId, incarnation, nodeId)));
    }

    /** Registers, catches up, and is unfenced. */
    long start(int nodeId, long incarnation) {
        long nodeEpoch = register(nodeId, incarnation);
        poll(nodeId);
        tick();
        return nodeEpoch;
    }

    void poll(int nodeId) {
        var node = Objects.requireNonNull(image().nodes().get(nodeId));
        state.onPoll(nodeId, node.nodeEpoch(), image().nextOffset(), nowMs);
    }

    CreatableTopicResult create(CreatableTopic topic) {
        CreateTopicsRequestData request = new CreateTopicsRequestData();
        request.topics().add(topic);
        var response = decide(new CreateTopics(request));
        return Objects.requireNonNull(response.topics().find(topic.name()));
    }

    CreatableTopicResult create(String name, int partitions, int replicas) {
        return create(topic(name, partitions, replicas, Map.of()));
    }

    static CreatableTopic topic(
            String name, int partitions, int replicas, Map<String, @Nullable String> configs) {
        CreatableTopic topic =
                new CreatableTopic()
                        .setName(name)
                        .setNumPartitions(partitions)
                        .setReplicationFactor((short) replicas);
        configs.forEach(
                (key, value) ->
                        topic.configs()
                                .add(new CreatableTopicConfig().setName(key).setValue(value)));
        return topic;
    }
}
