package io.headrace.coordinator.membership;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.cluster.ClusterRules;
import io.headrace.coordinator.cluster.CoordinatorIdentity;
import io.headrace.coordinator.cluster.node.RegisterNode;
import io.headrace.coordinator.cluster.topic.CreateTopics;
import io.headrace.coordinator.metadata.Controller;
import io.headrace.coordinator.metadata.ControllerOptions;
import io.headrace.coordinator.metadata.Database;
import io.headrace.protocol.message.RegisterNodeRequestData;
import io.headrace.protocol.message.RegisterNodeRequestData.NodeEndpoint;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableReplicaAssignment;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Real Hazelcast members around a real controller: what they say when the network between them
 * parts, or their master is paused, moves no leader of a node that lives and loses nobody for good.
 */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(180)
class SplitMembershipTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int COORDINATOR = 1001;

    @TempDir Path directory;

    private final List<HazelcastMembership> members = new ArrayList<>();
    private final Map<Integer, Uuid> incarnations = new ConcurrentHashMap<>();
    private final Map<Integer, Long> nodeEpochs = new ConcurrentHashMap<>();
    private final Set<Integer> polling = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService polls = Executors.newSingleThreadScheduledExecutor();

    @SuppressWarnings("NullAway.Init") // set by each test
    private MemberNetwork network;

    @SuppressWarnings("NullAway.Init") // set by each test
    private Controller controller;

    @AfterEach
    void stop() throws IOException {
        polls.shutdownNow();
        members.forEach(HazelcastMembership::close);
        controller.close();
        network.close();
    }

    private void startController(long sessionTimeoutMs) throws Exception {
        ClusterRules rules = new ClusterRules(sessionTimeoutMs, 1, 3, 50, 50, 50, 10_000, 20_000);
        controller =
                new Controller(
                        ControllerOptions.of(
                                COORDINATOR,
                                rules,
                                () -> Database.embedded(directory),
                                new Random(1)));
        controller.start(
                new CoordinatorIdentity(
                        COORDINATOR, Uuid.randomUuid(), "localhost", 9094, Map.of()),
                () -> true);
        controller.ready().get(60, TimeUnit.SECONDS);
        polls.scheduleWithFixedDelay(this::poll, 0, 100, TimeUnit.MILLISECONDS);
    }

    /** The nodes that live poll the controller, whatever the membership says. */
    private void poll() {
        long offset = image().nextOffset();
        for (int nodeId : polling) {
            Long nodeEpoch = nodeEpochs.get(nodeId);
            if (nodeEpoch != null) {
                controller.onPoll(nodeId, nodeEpoch, offset);
            }
        }
    }

    private void startNode(int nodeId) throws Exception {
        Uuid incarnation = Uuid.randomUuid();
        RegisterNodeRequestData node =
                new RegisterNodeRequestData()
                        .setNodeId(nodeId)
                        .setRole("storage")
                        .setIncarnationId(incarnation)
                        .setLogDirs(List.of(new Uuid(1, nodeId)));
        node.endpoints()
                .add(new NodeEndpoint().setName("CLIENT").setHost("localhost").setPort(9092));
        incarnations.put(nodeId, incarnation);
        nodeEpochs.put(nodeId, controller.submit(new RegisterNode(node)).get(10, TimeUnit.SECONDS));
        polling.add(nodeId);
        Eventually.until(LIMIT, () -> !isFenced(nodeId), "node " + nodeId + " is unfenced");
    }

    private void createTopic(int... replicas) throws Exception {
        CreatableReplicaAssignment assignment = new CreatableReplicaAssignment();
        for (int nodeId : replicas) {
            assignment.brokerIds().add(nodeId);
        }
        CreatableTopic topic =
                new CreatableTopic()
                        .setName("t")
                        .setNumPartitions(-1)
                        .setReplicationFactor((short) -1);
        topic.assignments().add(assignment.setPartitionIndex(0));
        CreateTopicsRequestData request = new CreateTopicsRequestData();
        request.topics().add(topic);
        var answer = controller.submit(new CreateTopics(request)).get(10, TimeUnit.SECONDS);
        assertThat(answer.topics().iterator().next().errorCode()).isZero();
    }

    private HazelcastMembership join(int index, String role, int id, boolean tells)
            throws IOException {
        Uuid incarnation = incarnations.computeIfAbsent(id, any -> Uuid.randomUuid());
        Member self = new Member(role, id, incarnation, "host:" + id, "");
        HazelcastMembership made =
                new HazelcastMembership(
                        network.through(
                                index,
                                HazelcastMembership.config(
                                        "headrace-split-test",
                                        self,
                                        network.port(index),
                                        network.addresses(),
                                        tells ? this::onSight : (member, seen) -> {})));
        members.add(made);
        int size = members.size();
        awaitSize(size, members);
        return made;
    }

    /** As the coordinator's own server does. */
    private void onSight(Member member, boolean seen) {
        if (member.role().equals(Member.STORAGE)) {
            controller.onNodeSeen(member.nodeId(), member.incarnationId(), seen);
        }
    }

    private static void awaitSize(int size, List<HazelcastMembership> of) {
        Eventually.until(
                LIMIT,
                () -> List.copyOf(of),
                seen -> seen.stream().allMatch(each -> each.size() == size),
                "each of " + size + " sees all");
    }

    private MetadataImage image() {
        return controller.metadataLog().image();
    }

    private PartitionImage partition() {
        return Objects.requireNonNull(Objects.requireNonNull(image().topic("t")).partition(0));
    }

    private boolean isFenced(int nodeId) {
        return Objects.requireNonNull(image().nodes().get(nodeId)).fenced();
    }

    /** The process of a node ends: it polls no more, its sockets close, its member is gone. */
    private void kill(int nodeId, HazelcastMembership member) {
        polling.remove(nodeId);
        controller.onDisconnect(nodeId, Objects.requireNonNull(nodeEpochs.get(nodeId)));
        member.close();
    }

    private static void waitFor(Duration time, String why) {
        long untilNanos = System.nanoTime() + time.toNanos();
        Eventually.until(LIMIT, () -> System.nanoTime() > untilNanos, why);
    }

    @Test
    void aSplitAndItsMergeMoveNoLeader() throws Exception {
        long sessionMs = 5_000;
        network = new MemberNetwork(3, 21_000);
        startController(sessionMs);
        long startedNanos = System.nanoTime();
        startNode(1);
        startNode(2);
        createTopic(1, 2);
        HazelcastMembership ours = join(0, Member.COORDINATOR, COORDINATOR, true);
        join(1, Member.STORAGE, 1, false);
        HazelcastMembership second = join(2, Member.STORAGE, 2, false);
        Eventually.until(
                LIMIT,
                () -> System.nanoTime() - startedNanos > 1_000_000 * sessionMs,
                "the controller may hold silence against nodes");
        PartitionImage before = partition();
        long offset = image().nextOffset();

        network.cutAll();
        awaitSize(1, members);
        waitFor(Duration.ofSeconds(4), "a suspected node has 1.5 s");
        assertThat(image().nextOffset()).as("nothing was decided").isEqualTo(offset);

        network.mend();
        awaitSize(3, members);
        assertThat(image().nextOffset()).as("nothing was decided").isEqualTo(offset);
        assertThat(partition()).isEqualTo(before);

        // The merge has made all of them trusted again, and a real death is seen as before.
        kill(2, second);
        Eventually.until(LIMIT, () -> isFenced(2), "the death is seen");
        assertThat(ours.size()).isEqualTo(2);
        assertThat(isFenced(1)).isFalse();
        assertThat(partition().leaderId()).isEqualTo(1);
        assertThat(partition().leaderEpoch()).isEqualTo(before.leaderEpoch());
    }

    @Tag("fault")
    @Test
    void whileTheMasterIsPausedADeathIsSeenAndNobodyElseIsTakenForDead() throws Exception {
        network = new MemberNetwork(4, 21_500);
        // Silence alone would take a minute: whoever is fenced here was reported gone.
        startController(60_000);
        startNode(1);
        startNode(2);
        createTopic(2, 1);
        HazelcastMembership master = join(0, Member.COORDINATOR, 1002, false);
        HazelcastMembership ours = join(1, Member.COORDINATOR, COORDINATOR, true);
        HazelcastMembership first = join(2, Member.STORAGE, 1, false);
        HazelcastMembership second = join(3, Member.STORAGE, 2, false);
        assertThat(partition().leaderId()).isEqualTo(2);

        network.silence(0);
        long killedNanos = System.nanoTime();
        kill(2, second);
        Eventually.until(LIMIT, () -> isFenced(2), "the death is seen without the master");
        System.out.printf(
                "Seen %d ms after the death, the master being paused%n",
                (System.nanoTime() - killedNanos) / 1_000_000);
        Eventually.until(LIMIT, () -> partition().leaderId() == 1, "another leads");
        awaitSize(2, List.of(ours, first));
        assertThat(isFenced(1)).isFalse();

        network.mend();
        awaitSize(3, List.of(master, ours, first));
        assertThat(isFenced(1)).isFalse();
        assertThat(partition().leaderId()).isEqualTo(1);
    }
}
