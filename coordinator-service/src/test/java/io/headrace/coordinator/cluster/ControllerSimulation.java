package io.headrace.coordinator.cluster;

import io.headrace.coordinator.cluster.LogEndReport.Resting;
import io.headrace.coordinator.cluster.SimulatedReplica.Fetched;
import io.headrace.coordinator.cluster.node.RegisterNode;
import io.headrace.coordinator.cluster.node.ReviewNodes;
import io.headrace.coordinator.cluster.node.ShutDownNode;
import io.headrace.coordinator.cluster.replica.AlterPartition;
import io.headrace.coordinator.cluster.replica.AlterPartitionReassignments;
import io.headrace.coordinator.cluster.replica.ElectDueLeaders;
import io.headrace.coordinator.cluster.topic.AlterConfigs;
import io.headrace.coordinator.cluster.topic.AlterConfigs.Change;
import io.headrace.coordinator.cluster.topic.AlterConfigs.Entry;
import io.headrace.coordinator.cluster.topic.CreateTopics;
import io.headrace.protocol.config.TopicConfigs;
import io.headrace.protocol.message.RegisterNodeRequestData;
import io.headrace.protocol.message.RegisterNodeRequestData.UncleanLogEnd;
import io.headrace.protocol.message.RegisterNodeRequestData.UncleanTopic;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.PartitionImage.LogEnd;
import io.headrace.protocol.metadata.record.ClusterRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.AlterPartitionRequestData;
import org.apache.kafka.common.message.AlterPartitionRequestData.BrokerState;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/**
 * The controller's core among simulated nodes that crash, hang, restart clean and unclean, know
 * only old metadata, and replicate one topic's partitions by the rules that leaders keep. All from
 * one seed. {@link ControllerInvariants} looks after every step.
 */
final class ControllerSimulation {
    private static final int NODES = 5;
    private static final int PARTITIONS = 3;
    private static final int SESSION_MS = 900;

    final Random random;
    final ControllerInvariants invariants = new ControllerInvariants();
    final Map<Integer, Node> nodes = new TreeMap<>();
    int elections;
    int isrChanges;
    private final ClusterRules rules =
            new ClusterRules(SESSION_MS, 1, 3, 50, 50, 50, 10_000, 20_000);
    private ControllerState state;
    private Uuid topicId = Uuid.ZERO_UUID;
    private long nowMs;
    private long values;
    private long incarnations;

    /** A process and its disk. */
    final class Node {
        final int id;
        final Map<Integer, SimulatedReplica> replicas = new TreeMap<>();
        boolean running;
        boolean paused;
        long nodeEpoch = -1;
        MetadataImage view = MetadataImage.EMPTY;

        Node(int id) {
            this.id = id;
        }

        SimulatedReplica replica(int partition) {
            return replicas.computeIfAbsent(partition, p -> new SimulatedReplica());
        }

        @Nullable PartitionImage partition(int number) {
            return view.partition(topicId, number);
        }

        /** Whether it leads, as far as it knows. */
        boolean leads(@Nullable PartitionImage partition) {
            return running
                    && partition != null
                    && partition.leaderId() == id
                    && partition.leaderNodeEpoch() == nodeEpoch;
        }
    }

    ControllerSimulation(long seed) {
        random = new Random(seed);
        MetadataImage founded =
                MetadataImage.EMPTY.apply(0, new ClusterRecord().setClusterId("simulated"));
        state = new ControllerState(founded, rules, random, 0);
        for (int id = 1; id <= NODES; id++) {
            Node node = new Node(id);
            nodes.put(id, node);
            start(node, false);
            poll(node);
        }
        tick();
        CreateTopicsRequestData request = new CreateTopicsRequestData();
        request.topics().add(Nodes.topic("t", PARTITIONS, 3, Map.of()));
        submit(new CreateTopics(request));
        topicId = Objects.requireNonNull(state.image().topic("t")).topicId();
        nodes.values().forEach(this::poll);
    }

    void step() {
        nowMs += random.nextInt(40);
        Node node = Objects.requireNonNull(nodes.get(1 + random.nextInt(NODES)));
        int dice = random.nextInt(1_000);
        if (dice < 250) {
            poll(node);
        } else if (dice < 700) {
            replicate(node, random.nextInt(PARTITIONS));
        } else if (dice < 860) {
            proposeIsr(node, random.nextInt(PARTITIONS));
        } else if (dice < 900) {
            nodes.values().forEach(this::poll);
            tick();
        } else if (dice < 920) {
            tick();
        } else if (dice < 985) {
            disturb(node, dice);
        } else {
            administer();
        }
    }

    private void disturb(Node node, int dice) {
        if (dice < 935) {
            crash(node);
        } else if (dice < 960) {
            if (!node.running) {
                start(node, random.nextInt(8) == 0);
            }
        } else if (dice < 970) {
            node.paused = !node.paused;
        } else if (dice < 976) {
            state = new ControllerState(state.image(), rules, random, nowMs); // another takes over
        } else if (node.running) {
            state.onWantsShutDown(node.id, node.nodeEpoch);
            if (Boolean.TRUE.equals(submit(new ShutDownNode(node.id, node.nodeEpoch)))) {
                crash(node);
            }
        }
    }

    private void crash(Node node) {
        if (node.running) {
            node.running = false;
            node.paused = false;
            state.onDisconnect(node.id, node.nodeEpoch);
            if (random.nextBoolean()) {
                var image = state.image().nodes().get(node.id);
                if (image != null) {
                    state.onSuspicion(node.id, image.incarnationId());
                }
            }
        }
    }

    private void administer() {
        if (random.nextInt(3) == 0) {
            String minimum = String.valueOf(1 + random.nextInt(3));
            Entry entry = new Entry(TopicConfigs.MIN_INSYNC_REPLICAS, (byte) 0, minimum);
            submit(
                    new AlterConfigs(
                            List.of(
                                    new Change(
                                            ConfigResourceKey.TOPIC, "t", List.of(entry), false)),
                            false));
            return;
        }
        List<Integer> ids = new ArrayList<>(nodes.keySet());
        Collections.shuffle(ids, random);
        var request = new AlterPartitionReassignmentsRequestData();
        var topic = new AlterPartitionReassignmentsRequestData.ReassignableTopic().setName("t");
        topic.partitions()
                .add(
                        new AlterPartitionReassignmentsRequestData.ReassignablePartition()
                                .setPartitionIndex(random.nextInt(PARTITIONS))
                                .setReplicas(
                                        random.nextInt(4) == 0
                                                ? null
                                                : List.copyOf(
                                                        ids.subList(0, 2 + random.nextInt(2)))));
        request.topics().add(topic);
        submit(new AlterPartitionReassignments(request));
    }

    private void start(Node node, boolean unclean) {
        RegisterNodeRequestData request = Nodes.request(node.id, ++incarnations, node.id);
        UncleanTopic lost = new UncleanTopic().setTopicId(topicId);
        node.replicas.forEach(
                (partition, replica) -> {
                    replica.ledEpoch = -1;
                    replica.highWatermark = 0;
                    if (unclean) {
                        int length = replica.log.size();
                        int kept = random.nextBoolean() ? length : random.nextInt(length + 1);
                        replica.log.subList(kept, length).clear();
                        lost.partitions().add(partition);
                        lost.logEnds()
                                .add(
                                        new UncleanLogEnd()
                                                .setPartitionId(partition)
                                                .setLeaderEpoch(replica.lastEpoch())
                                                .setEndOffset(kept));
                    }
                });
        if (!lost.partitions().isEmpty()) {
            request.uncleanPartitions().add(lost);
        }
        Long nodeEpoch = submit(new RegisterNode(request));
        if (nodeEpoch != null) {
            node.running = true;
            node.nodeEpoch = nodeEpoch;
            node.view = state.image();
        }
    }

    private void poll(Node node) {
        if (node.running && !node.paused) {
            node.view = state.image();
            state.onPoll(node.id, node.nodeEpoch, node.view.nextOffset(), nowMs);
            tellLogEnds(node);
        }
    }

    /** Where its logs end that nobody adds to. */
    private void tellLogEnds(Node node) {
        Map<PartitionKey, Resting> ends = new HashMap<>();
        for (int number = 0; number < PARTITIONS; number++) {
            PartitionImage partition = node.partition(number);
            if (partition != null && partition.awaitsLastResort()) {
                SimulatedReplica replica = node.replica(number);
                LogEnd end = new LogEnd(node.id, replica.lastEpoch(), replica.log.size());
                ends.put(
                        new PartitionKey(topicId, number),
                        new Resting(partition.leaderEpoch(), end));
            }
        }
        state.onLogEnds(new LogEndReport(node.id, node.nodeEpoch, ends));
    }

    private void tick() {
        state.expireSessions(nowMs);
        submit(new ReviewNodes());
        while (state.electionsDue()) {
            if (Boolean.TRUE.equals(submit(new ElectDueLeaders()))) {
                state.electionsDone();
            }
        }
        invariants.afterTick(state.image());
    }

    private <R> @Nullable R submit(Command<R> command) {
        MetadataImage before = state.image();
        Decision<R> decision;
        try {
            decision = state.decide(command, nowMs);
        } catch (ApiException refused) {
            return null;
        }
        state.apply(decision.records(), nowMs);
        elections += invariants.onChange(before, state.image(), this::logOf);
        return decision.response();
    }

    private List<SimulatedReplica.Entry> logOf(int nodeId, int partition) {
        return Objects.requireNonNull(nodes.get(nodeId)).replica(partition).log;
    }

    /** A node writes to what it leads, or fetches from the leader that it knows. */
    private void replicate(Node node, int number) {
        PartitionImage partition = node.partition(number);
        if (!node.running || partition == null) {
            return;
        }
        SimulatedReplica replica = node.replica(number);
        if (node.leads(partition)) {
            replica.lead(partition.leaderEpoch(), partition.partitionEpoch());
            for (int i = random.nextInt(3); i > 0; i--) {
                replica.log.add(new SimulatedReplica.Entry(partition.leaderEpoch(), ++values));
            }
            commit(node, partition, replica);
            return;
        }
        Node leader = nodes.get(partition.leaderId());
        PartitionImage seen = leader == null ? null : leader.partition(number);
        if (leader == null
                || seen == null
                || !leader.leads(seen)
                || seen.leaderEpoch() != partition.leaderEpoch()
                || !partition.assignedReplicas().contains(node.id)) {
            return;
        }
        SimulatedReplica source = leader.replica(number);
        source.lead(seen.leaderEpoch(), seen.partitionEpoch());
        replica.follow(source, 1 + random.nextInt(4));
        source.followers.put(node.id, new Fetched(node.nodeEpoch, replica.log.size()));
        commit(leader, seen, source);
    }

    /** The high watermark: the lowest end in the ISR, committed and proposed. */
    private void commit(Node leader, PartitionImage partition, SimulatedReplica replica) {
        if (partition.isr().size() < partition.requiredInSync()) {
            return;
        }
        Set<IsrMember> maximal = new HashSet<>(partition.isr());
        maximal.addAll(replica.proposed);
        int committed = replica.log.size();
        for (IsrMember member : maximal) {
            if (member.nodeId() != leader.id) {
                Fetched fetched = replica.followers.get(member.nodeId());
                committed =
                        fetched != null && fetched.nodeEpoch() == member.nodeEpoch()
                                ? Math.min(committed, fetched.endOffset())
                                : 0;
            }
        }
        if (committed > replica.highWatermark) {
            replica.highWatermark = committed;
            invariants.onCommitted(partition.partition(), replica.log.subList(0, committed));
        }
    }

    private void proposeIsr(Node node, int number) {
        PartitionImage partition = node.partition(number);
        if (partition == null || !node.leads(partition)) {
            return;
        }
        SimulatedReplica replica = node.replica(number);
        replica.lead(partition.leaderEpoch(), partition.partitionEpoch());
        if (replica.proposed.isEmpty()) {
            replica.proposed.addAll(wantedIsr(node, partition, replica));
            replica.proposedAt = partition.partitionEpoch();
        }
        Errors verdict = alter(node, partition, replica.proposed);
        isrChanges += verdict == Errors.NONE ? 1 : 0;
        boolean answerLost = random.nextInt(4) == 0;
        if (!answerLost
                && (verdict == Errors.INELIGIBLE_REPLICA || verdict == Errors.INVALID_REQUEST)) {
            replica.proposed.clear(); // any other answer waits for the metadata to tell
        }
    }

    private Set<IsrMember> wantedIsr(
            Node node, PartitionImage partition, SimulatedReplica replica) {
        Set<IsrMember> wanted = new HashSet<>();
        wanted.add(new IsrMember(node.id, node.nodeEpoch));
        for (int other : partition.assignedReplicas()) {
            Fetched fetched = replica.followers.get(other);
            IsrMember member = partition.isrMember(other);
            // The epoch's start too: what earlier leaders committed may lie above the own mark.
            int needed = Math.max(replica.highWatermark, replica.epochStart);
            if (other != node.id
                    && fetched != null
                    && fetched.endOffset() >= needed
                    && random.nextInt(4) > 0) {
                wanted.add(new IsrMember(other, fetched.nodeEpoch()));
            } else if (member != null && other != node.id && random.nextInt(4) > 0) {
                wanted.add(member);
            }
        }
        return wanted;
    }

    private Errors alter(Node node, PartitionImage partition, Set<IsrMember> isr) {
        List<BrokerState> members = new ArrayList<>();
        isr.forEach(
                member ->
                        members.add(
                                new BrokerState()
                                        .setBrokerId(member.nodeId())
                                        .setBrokerEpoch(member.nodeEpoch())));
        var wanted =
                new AlterPartitionRequestData.PartitionData()
                        .setPartitionIndex(partition.partition())
                        .setLeaderEpoch(partition.leaderEpoch())
                        .setPartitionEpoch(partition.partitionEpoch())
                        .setNewIsrWithEpochs(members);
        AlterPartitionRequestData request =
                new AlterPartitionRequestData()
                        .setBrokerId(node.id)
                        .setBrokerEpoch(node.nodeEpoch)
                        .setTopics(
                                List.of(
                                        new AlterPartitionRequestData.TopicData()
                                                .setTopicId(topicId)
                                                .setPartitions(List.of(wanted))));
        var answer = submit(new AlterPartition(request));
        return answer == null
                ? Errors.STALE_BROKER_EPOCH
                : Errors.forCode(answer.topics().getFirst().partitions().getFirst().errorCode());
    }
}
