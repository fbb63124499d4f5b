package io.headrace.coordinator.cluster;

import io.headrace.protocol.message.RegisterNodeRequestData;
import io.headrace.protocol.metadata.Endpoint;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.DuplicateBrokerRegistrationException;
import org.apache.kafka.common.errors.InconsistentClusterIdException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Registers an incarnation of a storage node, fenced. The answer is its node epoch: the metadata
 * offset of the registration (KIP-903's broker epoch).
 *
 * <p>An incarnation with the log directories of the one before replaces it at once: the directories
 * are locked, so the old process is gone. One with other directories waits until the old one is
 * known to be silent. Replicas reported unclean leave their ISR in the same transaction.
 */
public record RegisterNode(RegisterNodeRequestData request) implements Command<Long> {
    private static final int MAX_ENDPOINTS = 16;
    private static final int MAX_LOG_DIRS = 256;
    private static final int MAX_NAME_LENGTH = 255;

    @Override
    public Decision<Long> decide(ControllerState state, long nowMs) {
        MetadataImage image = state.image();
        validate(image.clusterId());
        NodeImage before = image.nodes().get(request.nodeId());
        NodeImage wanted = wanted(0);
        if (before != null) {
            if (isSame(before, wanted)) {
                return Decision.answer(before.nodeEpoch());
            }
            requireReplaceable(state, before, nowMs);
        }
        List<ApiMessage> records = new ArrayList<>(uncleanRecords(image));
        if (before != null && !wanted.logDirs().containsAll(before.logDirs())) {
            records = lostDiskRecords(image);
        }
        long nodeEpoch = image.nextOffset() + records.size();
        records.add(NodeRecords.of(wanted(nodeEpoch), true));
        return new Decision<>(records, nodeEpoch);
    }

    private void validate(String clusterId) {
        boolean ofSomeCluster = request.clusterId() != null && !request.clusterId().isEmpty();
        if (ofSomeCluster && !request.clusterId().equals(clusterId)) {
            throw new InconsistentClusterIdException(
                    "The disks of node "
                            + request.nodeId()
                            + " belong to cluster "
                            + request.clusterId()
                            + ", this is cluster "
                            + clusterId
                            + ": point the node at its own cluster or at another data directory");
        }
        if (request.nodeId() < 0) {
            throw new InvalidRequestException("Node id " + request.nodeId() + " is negative");
        }
        if (request.incarnationId().equals(Uuid.ZERO_UUID)) {
            throw new InvalidRequestException("A registration needs an incarnation id");
        }
        Set<Uuid> logDirs = new HashSet<>(request.logDirs());
        if (logDirs.isEmpty()
                || logDirs.size() != request.logDirs().size()
                || logDirs.size() > MAX_LOG_DIRS) {
            throw new InvalidRequestException(
                    "A registration names 1 to " + MAX_LOG_DIRS + " different log directories");
        }
        if (request.endpoints().isEmpty() || request.endpoints().size() > MAX_ENDPOINTS) {
            throw new InvalidRequestException(
                    "A registration names 1 to " + MAX_ENDPOINTS + " endpoints");
        }
        for (var endpoint : request.endpoints()) {
            if (endpoint.host().isBlank()
                    || endpoint.host().length() > MAX_NAME_LENGTH
                    || endpoint.name().length() > MAX_NAME_LENGTH
                    || endpoint.port() < 1
                    || endpoint.port() > 65_535) {
                throw new InvalidRequestException(
                        "Endpoint " + endpoint.name() + " has no valid host and port");
            }
        }
        String rack = request.rack();
        if (rack != null && rack.length() > MAX_NAME_LENGTH) {
            throw new InvalidRequestException("The rack's name is too long");
        }
    }

    private NodeImage wanted(long nodeEpoch) {
        List<Endpoint> endpoints = new ArrayList<>();
        for (var endpoint : request.endpoints()) {
            endpoints.add(new Endpoint(endpoint.name(), endpoint.host(), endpoint.port()));
        }
        return new NodeImage(
                request.nodeId(),
                request.incarnationId(),
                nodeEpoch,
                true,
                List.copyOf(endpoints),
                request.rack(),
                List.copyOf(request.logDirs()));
    }

    private static boolean isSame(NodeImage before, NodeImage wanted) {
        return before.incarnationId().equals(wanted.incarnationId())
                && before.endpoints().equals(wanted.endpoints())
                && before.logDirs().equals(wanted.logDirs());
    }

    private void requireReplaceable(ControllerState state, NodeImage before, long nowMs) {
        boolean sameProcess = before.incarnationId().equals(request.incarnationId());
        boolean sameDisks = Set.copyOf(before.logDirs()).equals(Set.copyOf(request.logDirs()));
        if (sameProcess || sameDisks || before.fenced()) {
            return;
        }
        if (state.isLive(before, nowMs) || !state.countsSilence(nowMs)) {
            throw new DuplicateBrokerRegistrationException(
                    "Another process with other log directories is registered as node "
                            + request.nodeId()
                            + " and may be alive: stop it, give this one another node id, or wait"
                            + " for "
                            + state.rules().sessionTimeoutMs()
                            + " ms of its silence");
        }
    }

    private List<ApiMessage> uncleanRecords(MetadataImage image) {
        List<ApiMessage> records = new ArrayList<>();
        for (var unclean : request.uncleanPartitions()) {
            for (int partition : new HashSet<>(unclean.partitions())) {
                PartitionImage found = image.partition(unclean.topicId(), partition);
                PartitionRecord record =
                        found == null ? null : withoutNode(unclean.topicId(), found);
                if (record != null) {
                    records.add(record);
                }
            }
        }
        return records;
    }

    private List<ApiMessage> lostDiskRecords(MetadataImage image) {
        List<ApiMessage> records = new ArrayList<>();
        for (TopicImage topic : image.topicsById().values()) {
            for (PartitionImage partition : topic.partitions().values()) {
                PartitionRecord record = withoutNode(topic.topicId(), partition);
                if (record != null) {
                    records.add(record);
                }
            }
        }
        return records;
    }

    /**
     * The partition without this node in its ISR; null when it is not there, or the only replica.
     */
    private @Nullable PartitionRecord withoutNode(Uuid topicId, PartitionImage partition) {
        List<IsrMember> rest = new ArrayList<>(partition.isr());
        boolean removed = rest.removeIf(member -> member.nodeId() == request.nodeId());
        if (!removed || partition.assignedReplicas().size() == 1) {
            return null;
        }
        PartitionRecord record =
                Elections.change(topicId, partition).setIsr(Elections.toRecords(rest));
        if (rest.isEmpty()) {
            record.setLastKnownElr(List.of(request.nodeId()));
        }
        if (partition.leaderId() == request.nodeId()) {
            record.setLeader(-1).setLeaderNodeEpoch(-1).setLeaderEpoch(partition.leaderEpoch() + 1);
        }
        return record;
    }
}
