package io.headrace.coordinator.cluster.node;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.coordinator.cluster.PartitionChange;
import io.headrace.coordinator.cluster.PartitionKey;
import io.headrace.protocol.message.RegisterNodeRequestData;
import io.headrace.protocol.metadata.Endpoint;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.LogEnd;
import io.headrace.protocol.metadata.record.PartitionRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.DuplicateBrokerRegistrationException;
import org.apache.kafka.common.errors.InconsistentClusterIdException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Registers an incarnation of a storage node, fenced. The answer is its node epoch: the metadata
 * offset of the registration (KIP-903's broker epoch).
 *
 * <p>An incarnation with the log directories of the one before replaces it at once: the directories
 * are locked, so the old process is gone. One with other directories waits until the old one is
 * known to be silent. Replicas reported unclean leave their ISR and ELR in the same transaction;
 * the ends of their logs are kept for an election of last resort.
 */
public record RegisterNode(RegisterNodeRequestData request) implements Command<Long> {
    private static final int MAX_ENDPOINTS = 16;
    private static final int MAX_LOG_DIRS = 256;
    private static final int MAX_NAME_LENGTH = 255;

    @Override
    public boolean isUrgent() {
        return true;
    }

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
        List<ApiMessage> records = lossRecords(state, before);
        long nodeEpoch = image.nextOffset() + records.size();
        records.add(wanted(nodeEpoch).toRecord(true));
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
        // Directories are locked: whoever holds one of them now is the only one.
        boolean sameDisks = !Collections.disjoint(before.logDirs(), request.logDirs());
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

    /** Partitions that lose this node's replica: it is unclean, or its disk is gone. */
    private List<ApiMessage> lossRecords(ControllerState state, @Nullable NodeImage before) {
        Map<PartitionKey, LogEnd> lost = new LinkedHashMap<>();
        for (var unclean : request.uncleanPartitions()) {
            for (int partition : unclean.partitions()) {
                LogEnd unknown = new LogEnd(request.nodeId(), -1, -1);
                lost.put(new PartitionKey(unclean.topicId(), partition), unknown);
            }
            for (var end : unclean.logEnds()) {
                lost.replace(
                        new PartitionKey(unclean.topicId(), end.partitionId()),
                        new LogEnd(request.nodeId(), end.leaderEpoch(), end.endOffset()));
            }
        }
        Set<PartitionKey> emptied = before == null ? Set.of() : onLostDisks(state, before);
        for (PartitionKey key : emptied) {
            lost.put(key, new LogEnd(request.nodeId(), -1, 0));
        }
        List<ApiMessage> records = new ArrayList<>();
        lost.forEach(
                (key, end) -> {
                    PartitionImage partition =
                            state.image().partition(key.topicId(), key.partition());
                    PartitionRecord record =
                            partition == null
                                    ? null
                                    : lossRecord(key, partition, end, emptied.contains(key));
                    if (record != null) {
                        records.add(record);
                    }
                });
        return records;
    }

    /** Replicas on directories that this incarnation does not hold. */
    private Set<PartitionKey> onLostDisks(ControllerState state, NodeImage before) {
        boolean someLost = !request.logDirs().containsAll(before.logDirs());
        Set<PartitionKey> lost = new LinkedHashSet<>();
        for (PartitionKey key : state.partitionsOf(request.nodeId())) {
            PartitionImage partition = state.image().partition(key.topicId(), key.partition());
            if (partition == null) {
                continue;
            }
            Uuid logDir = partition.logDirOf(request.nodeId());
            boolean isLost =
                    logDir.equals(Uuid.ZERO_UUID) ? someLost : !request.logDirs().contains(logDir);
            if (isLost) {
                lost.add(key);
            }
        }
        return lost;
    }

    /**
     * The partition without this node in its ISR and ELR; null when it is in neither. An only
     * replica stays: there is nothing to wait for.
     */
    private @Nullable PartitionRecord lossRecord(
            PartitionKey key, PartitionImage partition, LogEnd end, boolean diskLost) {
        int nodeId = request.nodeId();
        PartitionChange change = PartitionChange.of(key.topicId(), partition);
        boolean forgetsDisk = diskLost && !partition.logDirOf(nodeId).equals(Uuid.ZERO_UUID);
        if (forgetsDisk) {
            change.logDir(nodeId, Uuid.ZERO_UUID);
        }
        boolean counted =
                partition.isrMember(nodeId) != null
                        || partition.eligibleLeaderReplicas().contains(nodeId)
                        || partition.lastKnownElr().contains(nodeId);
        if (counted && partition.assignedReplicas().size() > 1) {
            return change.unclean(end).toRecord();
        }
        return forgetsDisk ? change.toRecord() : null;
    }
}
