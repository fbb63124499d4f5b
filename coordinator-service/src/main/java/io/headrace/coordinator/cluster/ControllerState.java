package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.protocol.metadata.record.NodeRecord;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.protocol.metadata.record.RemoveNodeRecord;
import io.headrace.protocol.metadata.record.RemoveTopicRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.StaleBrokerEpochException;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/**
 * What the active controller knows: the metadata as of its last decision, committed or about to be,
 * and which incarnations it has heard of since its take-over. Confined to the controller's thread.
 *
 * <p>{@code decide} reads; {@code apply} changes the metadata; {@code on...} changes what was
 * heard. When a commit fails, {@link #reset} goes back to what is committed.
 */
public final class ControllerState {
    private final ClusterRules rules;
    private final RandomGenerator random;
    private long silenceFromMs;
    private final Map<Integer, NodeSession> sessions = new HashMap<>();
    private final DueElections due = new DueElections();
    private final LeaderLoads loads = new LeaderLoads();
    private final LogEnds logEnds = new LogEnds();
    private final SlowDisks slowDisks = new SlowDisks();
    private ReplicaIndex index;
    private MetadataImage image;
    private final SelfDoubt doubt = new SelfDoubt();
    private long latestMs;
    private long upkeepMs;
    private long balanceMs;

    /**
     * @param image the metadata loaded after this controller's own take-over
     * @param random draws topic ids and places replicas
     * @param takeOverMs when the take-over committed, on the controller's clock
     */
    public ControllerState(
            MetadataImage image, ClusterRules rules, RandomGenerator random, long takeOverMs) {
        this.image = image;
        this.rules = rules;
        this.random = random;
        this.silenceFromMs = takeOverMs;
        this.latestMs = takeOverMs;
        this.upkeepMs = takeOverMs;
        this.balanceMs = takeOverMs;
        this.index = new ReplicaIndex(image);
        lookAtAll();
    }

    public MetadataImage image() {
        return image;
    }

    public ClusterRules rules() {
        return rules;
    }

    public RandomGenerator random() {
        return random;
    }

    /** Decides a command against the state after every earlier decision. */
    public <R> Decision<R> decide(Command<R> command, long nowMs) {
        return command.decide(this, nowMs);
    }

    /** Makes decided records part of the state. */
    public void apply(List<ApiMessage> records, long nowMs) {
        latestMs = nowMs;
        Set<Integer> changedNodes = new TreeSet<>();
        boolean topicsRemoved = false;
        for (ApiMessage record : records) {
            MetadataImage before = image;
            image = before.apply(before.nextOffset(), record);
            switch (record) {
                case PartitionRecord partition -> onPartition(before, partition);
                case RemoveTopicRecord removed -> {
                    TopicImage topic = before.topic(removed.topicId());
                    if (topic != null) {
                        index.onTopicRemoved(topic);
                        topicsRemoved = true;
                    }
                }
                case NodeRecord node -> {
                    changedNodes.add(node.nodeId());
                    onNode(node, nowMs);
                }
                case RemoveNodeRecord removed -> changedNodes.add(removed.nodeId());
                default -> {
                    // of no consequence for who leads what
                }
            }
        }
        if (topicsRemoved) {
            index.compact(image);
        }
        changedNodes.forEach(nodeId -> lookAt(index.of(nodeId, image)));
        due.dropSettled(key -> electionFor(key, nowMs) == null);
    }

    private void onPartition(MetadataImage before, PartitionRecord record) {
        Uuid topicId = record.topicId();
        PartitionImage after = image.partition(topicId, record.partitionId());
        if (after != null) {
            index.onPartition(topicId, before.partition(topicId, record.partitionId()), after);
        }
    }

    /** A new incarnation gets a session to catch up in. */
    private void onNode(NodeRecord node, long nowMs) {
        NodeSession session = sessions.get(node.nodeId());
        if (node.fenced() && (session == null || session.nodeEpoch() < node.nodeEpoch())) {
            sessions.put(node.nodeId(), NodeSession.begun(node.nodeEpoch(), nowMs));
        }
    }

    /** Forgets what was decided and not committed. */
    public void reset(MetadataImage committed) {
        image = committed;
        index = new ReplicaIndex(committed);
        due.clear();
        lookAtAll();
    }

    private void lookAtAll() {
        for (TopicImage topic : image.topicsById().values()) {
            for (PartitionImage partition : topic.partitions().values()) {
                lookAt(topic.topicId(), partition);
            }
        }
    }

    private void lookAt(Iterable<PartitionKey> keys) {
        for (PartitionKey key : keys) {
            PartitionImage partition = image.partition(key.topicId(), key.partition());
            if (partition != null) {
                lookAt(key.topicId(), partition);
            }
        }
    }

    /** A fenced node was waited for, and may be no more; an unfenced one is fenced first. */
    private void lookAtFenced(int nodeId) {
        NodeImage node = image.nodes().get(nodeId);
        if (node != null && node.fenced()) {
            lookAt(index.of(nodeId, image));
        }
    }

    private void lookAt(Uuid topicId, PartitionImage partition) {
        if (!Elections.isSettled(this, partition)) {
            due.add(
                    new PartitionKey(topicId, partition.partition()),
                    image.isActive(partition.leaderId(), partition.leaderNodeEpoch()));
        }
    }

    /** The record that puts a partition right, or null when it is right or gone. */
    public @Nullable PartitionRecord electionFor(PartitionKey key, long nowMs) {
        PartitionImage partition = image.partition(key.topicId(), key.partition());
        return partition == null ? null : Elections.elect(this, key.topicId(), partition, nowMs);
    }

    /** Partitions that wait for an election or a smaller ISR, leaderless first. */
    public DueElections due() {
        return due;
    }

    /** The partitions with a replica on a node. */
    public Set<PartitionKey> partitionsOf(int nodeId) {
        return index.of(nodeId, image);
    }

    /** Nodes, registered or not, that may have replicas. */
    public List<Integer> nodesWithPartitions() {
        return index.nodeIds();
    }

    public int partitionCount() {
        return index.partitionCount();
    }

    public int movingCount() {
        return index.movingCount();
    }

    /** Whether an operator wants a node to hold nothing. */
    public boolean isDrained(int nodeId) {
        var configs =
                image.configsOf(
                        new ConfigResourceKey(ConfigResourceKey.BROKER, String.valueOf(nodeId)));
        return Boolean.parseBoolean(configs.get(BrokerDefaults.DRAIN));
    }

    /** Whether {@code Upkeep} and {@code BalanceLeaders} have work to look for. */
    public boolean upkeepDue(long nowMs) {
        return nowMs - upkeepMs >= ClusterRules.UPKEEP_MS;
    }

    public LeaderLoads loads() {
        return loads;
    }

    /** What nodes say of their disks. */
    public SlowDisks slowDisks() {
        return slowDisks;
    }

    /** Notes how much the leaders on a node append. */
    public void onLoad(LoadReport report, long nowMs) {
        if (image.isActive(report.nodeId(), report.nodeEpoch())) {
            loads.onReport(report, nowMs);
        }
    }

    LogEnds logEnds() {
        return logEnds;
    }

    /** Notes where a node's logs end that may lead as a last resort. */
    public void onLogEnds(LogEndReport report) {
        lookAt(logEnds.note(report, image));
    }

    /** Whether {@code BalanceLoad} has something to look at. */
    public boolean loadDue(long nowMs) {
        return loads.isDue(nowMs) && BrokerDefaults.balancesByLoad(this);
    }

    /** Told after {@code BalanceLoad}. */
    public void loadDone(LeaderLoads.Outcome outcome, long nowMs) {
        loads.onBalanced(outcome, nowMs);
    }

    /** Whether leaders are to be compared with the preferred ones. */
    public boolean balanceDue(long nowMs) {
        return BrokerDefaults.balancesLeaders(this)
                && nowMs - balanceMs >= BrokerDefaults.balanceIntervalMs(this);
    }

    /** Told after {@code Upkeep}. */
    public void upkeepDone(long nowMs) {
        upkeepMs = nowMs;
    }

    /**
     * Told after {@code BalanceLeaders}.
     *
     * @param complete whether nothing was left for another pass
     */
    public void balanceDone(boolean complete, long nowMs) {
        balanceMs = complete ? nowMs : nowMs - BrokerDefaults.balanceIntervalMs(this) + 1_000;
    }

    /**
     * Notes that a node polled the metadata log.
     *
     * @param appliedOffset the offset it asked for: it has applied everything before
     */
    public void onPoll(int nodeId, long nodeEpoch, long appliedOffset, long nowMs) {
        latestMs = Math.max(latestMs, nowMs);
        NodeImage node = image.nodes().get(nodeId);
        if (node == null || node.nodeEpoch() != nodeEpoch) {
            return;
        }
        NodeSession before = session(node);
        NodeSession session = before == null ? NodeSession.begun(nodeEpoch, nowMs) : before;
        sessions.put(nodeId, session.onPoll(appliedOffset, nowMs));
    }

    /** Notes that the connection closed over which a node polled. */
    public void onDisconnect(int nodeId, long nodeEpoch) {
        NodeSession session = sessions.get(nodeId);
        if (session != null && session.nodeEpoch() == nodeEpoch) {
            sessions.put(nodeId, session.disconnected());
            lookAtFenced(nodeId);
        }
    }

    /**
     * Notes that the membership lost sight of an incarnation. It ends the session only of one whose
     * connection is closed too, or that is silent.
     */
    public void onSuspicion(int nodeId, Uuid incarnationId) {
        NodeImage node = image.nodes().get(nodeId);
        if (node == null || !node.incarnationId().equals(incarnationId)) {
            return;
        }
        NodeSession session = session(node);
        if (session != null) {
            sessions.put(nodeId, session.suspected(latestMs));
            lookAtFenced(nodeId);
        }
    }

    /** Notes that the membership sees an incarnation again. */
    public void onTrust(int nodeId, Uuid incarnationId) {
        NodeImage node = image.nodes().get(nodeId);
        if (node == null || !node.incarnationId().equals(incarnationId)) {
            return;
        }
        NodeSession session = session(node);
        if (session != null) {
            sessions.put(nodeId, session.trusted());
        }
    }

    /** Notes that an incarnation is about to stop: it is given nothing more to do. */
    public void onWantsShutDown(int nodeId, long nodeEpoch) {
        NodeImage node = image.nodes().get(nodeId);
        if (node == null || node.nodeEpoch() != nodeEpoch) {
            return;
        }
        NodeSession session = session(node);
        if (session != null) {
            sessions.put(nodeId, session.shuttingDown(latestMs));
        }
    }

    /** Forgets sessions that have run out, so that their partitions are looked at again. */
    public void expireSessions(long nowMs) {
        latestMs = nowMs;
        List<Integer> expired = new ArrayList<>();
        sessions.forEach(
                (nodeId, session) -> {
                    if (session.silenceMs(nowMs) >= rules.sessionTimeoutMs()) {
                        expired.add(nodeId);
                    }
                });
        for (int nodeId : expired) {
            sessions.remove(nodeId);
            lookAtFenced(nodeId);
        }
        doubt.observe(seenNodes(nowMs), unfencedNodes(), nowMs);
    }

    private int seenNodes(long nowMs) {
        int seen = 0;
        for (NodeImage node : image.nodes().values()) {
            NodeSession session = session(node);
            boolean announced = session != null && session.isGone() && session.wantsShutDown();
            if (!node.fenced() && (announced || isLive(node, nowMs))) {
                seen++;
            }
        }
        return seen;
    }

    /**
     * Whether it is this controller that may be cut off: it sees too few nodes, and not only
     * because it is new.
     */
    public boolean mayBeCutOff(long nowMs) {
        return doubtsItself() && countsSilence(nowMs);
    }

    /** How many of the unfenced nodes are seen. */
    public int seenNodes() {
        return seenNodes(latestMs);
    }

    private int unfencedNodes() {
        int unfenced = 0;
        for (NodeImage node : image.nodes().values()) {
            unfenced += node.fenced() ? 0 : 1;
        }
        return unfenced;
    }

    /**
     * Whether this controller sees fewer than half of the unfenced nodes: the fault may be its own,
     * and a coordinator that sees more should have the role.
     */
    public boolean doubtsItself() {
        return doubt.isThere();
    }

    /** Whether nodes may be fenced: this controller can trust its ears. */
    public boolean mayFence(long nowMs) {
        return doubt.letsFence(seenNodes(nowMs), nowMs);
    }

    /** Whether a registered incarnation was heard of within the session timeout. */
    public boolean isLive(NodeImage node, long nowMs) {
        NodeSession session = session(node);
        if (session == null || session.isGone()) {
            return false;
        }
        long patienceMs =
                session.isSuspected()
                        ? Math.min(ClusterRules.SUSPECT_SILENCE_MS, rules.sessionTimeoutMs())
                        : rules.sessionTimeoutMs();
        return session.silenceMs(nowMs) < patienceMs;
    }

    /** This controller was cut off for a while itself: silence until now counts against nobody. */
    public void forgiveSilence(long nowMs) {
        silenceFromMs = nowMs;
        sessions.replaceAll((nodeId, session) -> session.forgiven(nowMs));
    }

    /**
     * Whether silence may be held against nodes: a session timeout has passed since take-over, and
     * since {@link #forgiveSilence}.
     */
    public boolean countsSilence(long nowMs) {
        return nowMs - silenceFromMs >= rules.sessionTimeoutMs();
    }

    /** Whether an incarnation is known to be no more: its silence need not be counted. */
    public boolean isGone(NodeImage node) {
        NodeSession session = session(node);
        return session != null && session.isGone();
    }

    public @Nullable NodeSession session(NodeImage node) {
        NodeSession session = sessions.get(node.nodeId());
        return session != null && session.nodeEpoch() == node.nodeEpoch() ? session : null;
    }

    /** The node, if that is its registered incarnation; STALE_BROKER_EPOCH when it is not. */
    public NodeImage requireRegistered(int nodeId, long nodeEpoch) {
        NodeImage node = image.nodes().get(nodeId);
        if (node == null || node.nodeEpoch() != nodeEpoch) {
            throw new StaleBrokerEpochException(
                    "Node epoch %d of node %d is not the registered one"
                            .formatted(nodeEpoch, nodeId));
        }
        return node;
    }

    /** The first metadata offset that a node has not applied; -1 when nothing was heard of it. */
    public long appliedOffset(NodeImage node) {
        NodeSession session = session(node);
        return session == null ? -1 : session.appliedOffset();
    }

    /** Whether every unfenced node has applied all metadata before the offset. */
    public boolean isKnownToAll(long nextOffset) {
        for (NodeImage node : image.nodes().values()) {
            if (!node.fenced() && appliedOffset(node) < nextOffset) {
                return false;
            }
        }
        return true;
    }

    /** Whether some partition may need a leader; {@code ElectDueLeaders} looks. */
    public boolean electionsDue() {
        return !due.isEmpty();
    }

    /** Told after a pass of {@code ElectDueLeaders} that found nothing more to do. */
    public void electionsDone() {
        due.clear();
    }

    /** Whether that very incarnation may join an ISR or be given a partition to lead. */
    boolean isEligible(int nodeId, long nodeEpoch) {
        return image.isActive(nodeId, nodeEpoch) && !wantsShutDown(nodeId);
    }

    public boolean wantsShutDown(int nodeId) {
        NodeImage node = image.nodes().get(nodeId);
        NodeSession session = node == null ? null : session(node);
        return session != null && session.wantsShutDown();
    }

    /** Nodes that may lead and hold new replicas, by id. */
    public List<NodeImage> activeNodes() {
        List<NodeImage> active = new ArrayList<>();
        for (NodeImage node : image.nodes().values()) {
            int nodeId = node.nodeId();
            if (!node.fenced() && !wantsShutDown(nodeId) && !isDrained(nodeId)) {
                active.add(node);
            }
        }
        active.sort((a, b) -> Integer.compare(a.nodeId(), b.nodeId()));
        return Collections.unmodifiableList(active);
    }
}
