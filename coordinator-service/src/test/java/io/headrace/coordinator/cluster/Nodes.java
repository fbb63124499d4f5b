package io.headrace.coordinator.cluster;

import io.headrace.coordinator.cluster.LogEndReport.Resting;
import io.headrace.coordinator.cluster.node.RegisterNode;
import io.headrace.coordinator.cluster.node.ReviewNodes;
import io.headrace.coordinator.cluster.replica.AlterPartition;
import io.headrace.coordinator.cluster.replica.ElectDueLeaders;
import io.headrace.coordinator.cluster.topic.CreateTopics;
import io.headrace.protocol.message.RegisterNodeRequestData;
import io.headrace.protocol.message.RegisterNodeRequestData.NodeEndpoint;
import io.headrace.protocol.message.RegisterNodeRequestData.UncleanLogEnd;
import io.headrace.protocol.message.RegisterNodeRequestData.UncleanTopic;
import io.headrace.protocol.metadata.Endpoint;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.PartitionImage.LogEnd;
import io.headrace.protocol.metadata.record.ClusterRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AlterPartitionRequestData;
import org.apache.kafka.common.message.AlterPartitionRequestData.BrokerState;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableReplicaAssignment;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopicConfig;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicResult;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;

/** A controller's state on a clock of its own, with nodes that come and go. */
final class Nodes {
    static final ClusterRules RULES = new ClusterRules(9_000, 1, 3, 50, 50, 50, 10_000, 20_000);

    private long nowMs;
    private ControllerState state;
    private long incarnations = 1_000;

    /** Where the replicas of each topic's partition 0 end, and who does not say so. */
    private final Map<String, Map<Integer, LogEnd>> logEnds = new HashMap<>();

    private final Set<Integer> mute = new HashSet<>();

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

    long nowMs() {
        return nowMs;
    }

    void pass(long ms) {
        nowMs += ms;
    }

    /** Another controller takes over: it knows what is committed, and has heard nobody yet. */
    void takeOver() {
        state = new ControllerState(state.image(), RULES, new Random(43), nowMs);
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
        image().nodes().keySet().forEach(this::tellLogEnds);
        while (state.electionsDue()) {
            if (decide(new ElectDueLeaders())) {
                state.electionsDone();
            }
        }
    }

    /** That replica of partition 0 ends there. */
    void endsAt(int nodeId, String topic, int leaderEpoch, long endOffset) {
        logEnds.computeIfAbsent(topic, name -> new HashMap<>())
                .put(nodeId, new LogEnd(nodeId, leaderEpoch, endOffset));
    }

    /** Whether a node keeps to itself where its logs end. */
    void mute(int nodeId, boolean silent) {
        if (silent) {
            mute.add(nodeId);
        } else {
            mute.remove(nodeId);
        }
    }

    /** As nodes do when they see that a partition has no leader. */
    private void tellLogEnds(int nodeId) {
        var node = Objects.requireNonNull(image().nodes().get(nodeId));
        if (node.fenced() || mute.contains(nodeId)) {
            return;
        }
        for (var topic : image().topicsById().values()) {
            PartitionImage partition = topic.partition(0);
            if (partition != null && partition.awaitsLastResort()) {
                LogEnd end =
                        logEnds.getOrDefault(topic.name(), Map.of())
                                .getOrDefault(nodeId, new LogEnd(nodeId, -1, 0));
                tellLogEnd(topic.topicId(), node.nodeEpoch(), partition.leaderEpoch(), end);
            }
        }
    }

    /** One incarnation says where its log of partition 0 ends. */
    void tellLogEnd(Uuid topicId, long nodeEpoch, int leaderlessEpoch, LogEnd end) {
        PartitionKey key = new PartitionKey(topicId, 0);
        state.onLogEnds(
                new LogEndReport(
                        end.nodeId(), nodeEpoch, Map.of(key, new Resting(leaderlessEpoch, end))));
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

    /** Every unfenced node but these polls. */
    void pollAllBut(Integer... silent) {
        for (var node : image().nodes().values()) {
            if (!node.fenced() && !List.of(silent).contains(node.nodeId())) {
                poll(node.nodeId());
            }
        }
    }

    /** These nodes fall silent until they are fenced; the others poll on. */
    void lose(Integer... silent) {
        pass(RULES.sessionTimeoutMs() - 1);
        pollAllBut(silent);
        pass(1);
        tick();
        pass(ClusterRules.DOUBT_MS);
        pollAllBut(silent);
        tick();
        for (int nodeId : silent) {
            var node = Objects.requireNonNull(image().nodes().get(nodeId));
            if (!node.fenced()) {
                throw new IllegalStateException("Node " + nodeId + " is not fenced");
            }
        }
    }

    /** A clean incarnation on the same disks, caught up. */
    long restart(int nodeId) {
        return start(nodeId, ++incarnations);
    }

    /** An incarnation whose replica of partition 0 of a topic ends there and may lack records. */
    long restartUnclean(int nodeId, String topic, int leaderEpoch, long endOffset) {
        RegisterNodeRequestData request = request(nodeId, ++incarnations, nodeId);
        UncleanTopic unclean =
                new UncleanTopic()
                        .setTopicId(topicId(topic))
                        .setPartitions(List.of(0))
                        .setLogEnds(
                                List.of(
                                        new UncleanLogEnd()
                                                .setPartitionId(0)
                                                .setLeaderEpoch(leaderEpoch)
                                                .setEndOffset(endOffset)));
        request.uncleanPartitions().add(unclean);
        endsAt(nodeId, topic, leaderEpoch, endOffset);
        long nodeEpoch = decide(new RegisterNode(request));
        poll(nodeId);
        tick();
        return nodeEpoch;
    }

    Uuid topicId(String topic) {
        return Objects.requireNonNull(image().topic(topic)).topicId();
    }

    PartitionImage partition(String topic) {
        return partition(topic, 0);
    }

    PartitionImage partition(String topic, int number) {
        return Objects.requireNonNull(image().partition(topicId(topic), number));
    }

    static List<Integer> isr(PartitionImage partition) {
        return partition.isr().stream().map(IsrMember::nodeId).toList();
    }

    long epochOf(int nodeId) {
        return Objects.requireNonNull(image().nodes().get(nodeId)).nodeEpoch();
    }

    /** The leader of partition 0 asks for that ISR, as it should. */
    Errors alterIsr(String topic, Integer... isr) {
        return alterIsrOf(topic, 0, isr);
    }

    /** The leader of a partition asks for that ISR, as it should. */
    Errors alterIsrOf(String topic, int number, Integer... isr) {
        PartitionImage partition = partition(topic, number);
        return alterIsr(topic, isrRequest(topic, number, partition.partitionEpoch(), isr));
    }

    Errors alterIsr(String topic, AlterPartitionRequestData request) {
        var answer = decide(new AlterPartition(request));
        return Errors.forCode(answer.topics().getFirst().partitions().getFirst().errorCode());
    }

    AlterPartitionRequestData isrRequest(String topic, int partitionEpoch, Integer... isr) {
        return isrRequest(topic, 0, partitionEpoch, isr);
    }

    private AlterPartitionRequestData isrRequest(
            String topic, int number, int partitionEpoch, Integer[] isr) {
        PartitionImage partition = partition(topic, number);
        List<BrokerState> members = new ArrayList<>();
        for (int nodeId : isr) {
            var node = image().nodes().get(nodeId);
            members.add(
                    new BrokerState()
                            .setBrokerId(nodeId)
                            .setBrokerEpoch(node == null ? 0 : node.nodeEpoch()));
        }
        var wanted =
                new AlterPartitionRequestData.PartitionData()
                        .setPartitionIndex(number)
                        .setLeaderEpoch(partition.leaderEpoch())
                        .setPartitionEpoch(partitionEpoch)
                        .setNewIsrWithEpochs(members);
        return new AlterPartitionRequestData()
                .setBrokerId(partition.leaderId())
                .setBrokerEpoch(partition.leaderNodeEpoch())
                .setTopics(
                        List.of(
                                new AlterPartitionRequestData.TopicData()
                                        .setTopicId(topicId(topic))
                                        .setPartitions(List.of(wanted))));
    }

    /** A topic of one partition on those nodes, the first of them leading. */
    void createOn(String name, Integer... replicas) {
        CreatableTopic topic = topic(name, -1, -1, Map.of());
        topic.assignments()
                .add(
                        new CreatableReplicaAssignment()
                                .setPartitionIndex(0)
                                .setBrokerIds(List.of(replicas)));
        if (create(topic).errorCode() != Errors.NONE.code()) {
            throw new IllegalStateException("Topic " + name + " was not created");
        }
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
