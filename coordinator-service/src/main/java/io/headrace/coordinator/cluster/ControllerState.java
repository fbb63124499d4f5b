package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.record.NodeRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * What the active controller knows: the metadata as of its last decision, committed or about to be,
 * and which incarnations it has heard of since its take-over. Confined to the controller's thread.
 *
 * <p>{@code decide} reads; {@code apply} changes the metadata; {@code on...} changes what was
 * heard. When a commit fails, {@link #reset} goes back to what is committed.
 */
public final class ControllerState {
    /** How long a suspected node's polls must be silent; they come every half second. */
    private static final long SUSPECTED_SILENCE_MS = 1_500;

    private final ClusterRules rules;
    private final RandomGenerator random;
    private long silenceFromMs;
    private final Map<Integer, NodeSession> sessions = new HashMap<>();

    /** The node epochs of which the membership lost sight, by node. */
    private final Map<Integer, Long> suspected = new HashMap<>();

    private MetadataImage image;
    private boolean electionsDue;

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
        this.electionsDue = true;
    }

    public MetadataImage image() {
        return image;
    }

    public ClusterRules rules() {
        return rules;
    }

    RandomGenerator random() {
        return random;
    }

    /** Decides a command against the state after every earlier decision. */
    public <R> Decision<R> decide(Command<R> command, long nowMs) {
        return command.decide(this, nowMs);
    }

    /** Makes decided records part of the state. */
    public void apply(List<ApiMessage> records, long nowMs) {
        for (ApiMessage record : records) {
            image = image.apply(image.nextOffset(), record);
            electionsDue |= Elections.maybeCausedBy(record);
            if (record instanceof NodeRecord node && node.fenced()) {
                onFenced(node, nowMs);
            }
        }
    }

    /** A new incarnation gets a session to catch up in. */
    private void onFenced(NodeRecord node, long nowMs) {
        NodeSession session = sessions.get(node.nodeId());
        if (session == null || session.nodeEpoch() < node.nodeEpoch()) {
            sessions.put(node.nodeId(), new NodeSession(node.nodeEpoch(), nowMs, -1, true));
        }
    }

    /** Forgets what was decided and not committed. */
    public void reset(MetadataImage committed) {
        image = committed;
        electionsDue = true;
    }

    /**
     * Notes that a node polled the metadata log.
     *
     * @param appliedOffset the offset it asked for: it has applied everything before
     */
    public void onPoll(int nodeId, long nodeEpoch, long appliedOffset, long nowMs) {
        NodeImage node = image.nodes().get(nodeId);
        if (node == null || node.nodeEpoch() != nodeEpoch) {
            return;
        }
        NodeSession before = session(node);
        long applied =
                before == null ? appliedOffset : Math.max(before.appliedOffset(), appliedOffset);
        sessions.put(nodeId, new NodeSession(nodeEpoch, nowMs, applied, true));
    }

    /** Notes that the connection closed over which a node polled. */
    public void onDisconnect(int nodeId, long nodeEpoch) {
        NodeSession session = sessions.get(nodeId);
        if (session != null && session.nodeEpoch() == nodeEpoch) {
            sessions.put(
                    nodeId,
                    new NodeSession(
                            nodeEpoch, session.lastPollMs(), session.appliedOffset(), false));
        }
    }

    /**
     * Notes that the membership lost sight of an incarnation. That alone ends nothing: its session
     * ends when its connection is closed too, or its polls are silent.
     */
    public void onSuspicion(int nodeId, Uuid incarnationId) {
        NodeImage node = image.nodes().get(nodeId);
        if (node != null && node.incarnationId().equals(incarnationId)) {
            suspected.put(nodeId, node.nodeEpoch());
        }
    }

    /** Notes that the membership sees an incarnation again. */
    public void onTrust(int nodeId, Uuid incarnationId) {
        NodeImage node = image.nodes().get(nodeId);
        if (node != null && node.incarnationId().equals(incarnationId)) {
            suspected.remove(nodeId);
        }
    }

    /** Forgets sessions that have run out, so that their partitions are looked at again. */
    public void expireSessions(long nowMs) {
        electionsDue |=
                sessions.entrySet()
                        .removeIf(entry -> isOver(entry.getKey(), entry.getValue(), nowMs));
    }

    private boolean isOver(int nodeId, NodeSession session, long nowMs) {
        long silentMs = nowMs - session.lastPollMs();
        Long suspectedEpoch = suspected.get(nodeId);
        boolean isSuspected = suspectedEpoch != null && suspectedEpoch == session.nodeEpoch();
        return silentMs >= rules.sessionTimeoutMs()
                || (isSuspected && (!session.connected() || silentMs >= SUSPECTED_SILENCE_MS));
    }

    /** Whether a registered incarnation was heard of within the session timeout. */
    boolean isLive(NodeImage node, long nowMs) {
        NodeSession session = session(node);
        return session != null && nowMs - session.lastPollMs() < rules.sessionTimeoutMs();
    }

    /** This controller was cut off for a while itself: silence until now counts against nobody. */
    public void forgiveSilence(long nowMs) {
        silenceFromMs = nowMs;
    }

    /**
     * Whether silence may be held against nodes: a session timeout has passed since take-over, and
     * since {@link #forgiveSilence}.
     */
    boolean countsSilence(long nowMs) {
        return nowMs - silenceFromMs >= rules.sessionTimeoutMs();
    }

    @Nullable NodeSession session(NodeImage node) {
        NodeSession session = sessions.get(node.nodeId());
        return session != null && session.nodeEpoch() == node.nodeEpoch() ? session : null;
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

    /** Whether some partition may need a leader; {@link ElectDueLeaders} looks. */
    public boolean electionsDue() {
        return electionsDue;
    }

    /** Told after a pass of {@link ElectDueLeaders} that found nothing more to do. */
    public void electionsDone() {
        electionsDue = false;
    }

    /** Nodes that may lead and hold new replicas, by id. */
    List<NodeImage> activeNodes() {
        List<NodeImage> active = new ArrayList<>();
        for (NodeImage node : image.nodes().values()) {
            if (!node.fenced()) {
                active.add(node);
            }
        }
        active.sort((a, b) -> Integer.compare(a.nodeId(), b.nodeId()));
        return Collections.unmodifiableList(active);
    }

    /** A topic id that is none of Kafka's reserved ones and not in use. */
    Uuid newTopicId() {
        while (true) {
            Uuid id = randomId(random);
            if (!Uuid.RESERVED.contains(id)
                    && !id.toString().startsWith("-")
                    && image.topic(id) == null) {
                return id;
            }
        }
    }

    /** A random (version 4) id. */
    public static Uuid randomId(RandomGenerator random) {
        long most = (random.nextLong() & ~0xF000L) | 0x4000L;
        long least = (random.nextLong() & ~(3L << 62)) | (1L << 63);
        return new Uuid(most, least);
    }
}
