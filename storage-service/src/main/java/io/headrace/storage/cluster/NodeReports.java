package io.headrace.storage.cluster;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.message.ReportLoadRequestData;
import io.headrace.protocol.message.ReportLoadResponseData;
import io.headrace.protocol.message.ReportLogEndsRequestData;
import io.headrace.protocol.message.ReportLogEndsResponseData;
import io.headrace.protocol.message.ReportSlowDisksRequestData;
import io.headrace.protocol.message.ReportSlowDisksResponseData;
import io.headrace.storage.forward.CoordinatorLinks;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AssignReplicasToDirsRequestData;
import org.apache.kafka.common.message.AssignReplicasToDirsRequestData.DirectoryData;
import org.apache.kafka.common.message.AssignReplicasToDirsRequestData.PartitionData;
import org.apache.kafka.common.message.AssignReplicasToDirsRequestData.TopicData;
import org.apache.kafka.common.message.AssignReplicasToDirsResponseData;
import org.apache.kafka.common.message.BrokerHeartbeatRequestData;
import org.apache.kafka.common.message.BrokerHeartbeatResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * What a registered node tells the active controller of itself now and then: in which log directory
 * each replica lies and which directories failed (KIP-858), how much its leaders append, which
 * disks are slow, and that it wants to stop. Called from one thread at a time but for what says
 * otherwise.
 */
public final class NodeReports {
    private static final Logger LOG = LoggerFactory.getLogger(NodeReports.class);
    private static final ApiSchema HEARTBEAT = ApiCatalog.get(ApiKeys.BROKER_HEARTBEAT);
    private static final ApiSchema ASSIGN = ApiCatalog.get(ApiKeys.ASSIGN_REPLICAS_TO_DIRS);
    private static final ApiSchema LOAD = ApiCatalog.get(ApiCatalog.REPORT_LOAD);
    private static final ApiSchema SLOW_DISKS = ApiCatalog.get(ApiCatalog.REPORT_SLOW_DISKS);
    private static final ApiSchema LOG_ENDS = ApiCatalog.get(ApiCatalog.REPORT_LOG_ENDS);
    private static final short HEARTBEAT_VERSION = 1;
    private static final short ASSIGN_VERSION = 0;
    private static final int MAX_ASSIGNED = 2_000;
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(2);

    private final int nodeId;
    private final ClusterView view;
    private final CoordinatorLinks links;
    private final Set<Uuid> toldOffline = new HashSet<>();
    private boolean telling;

    /** A replica and the directory that it lies in. */
    public record Placed(Uuid topicId, int partition, Uuid directory) {}

    public NodeReports(int nodeId, ClusterView view, CoordinatorLinks links) {
        this.nodeId = nodeId;
        this.view = view;
        this.links = links;
    }

    /**
     * Tells that this node wants to stop.
     *
     * @return whether it may: nothing is led here any more
     */
    public CompletableFuture<Boolean> wantShutDown() {
        return heartbeat(true, List.of())
                .thenApply(
                        answer -> {
                            Errors error = Errors.forCode(answer.errorCode());
                            if (error != Errors.NONE) {
                                throw error.exception();
                            }
                            return answer.shouldShutDown();
                        });
    }

    private CompletableFuture<BrokerHeartbeatResponseData> heartbeat(
            boolean wantShutDown, List<Uuid> offline) {
        BrokerHeartbeatRequestData request =
                new BrokerHeartbeatRequestData()
                        .setBrokerId(nodeId)
                        .setBrokerEpoch(view.nodeEpoch())
                        .setCurrentMetadataOffset(view.image().nextOffset())
                        .setWantShutDown(wantShutDown)
                        .setOfflineLogDirs(offline);
        return links.controller()
                .thenCompose(
                        channel ->
                                channel.call(
                                        HEARTBEAT,
                                        HEARTBEAT_VERSION,
                                        request,
                                        BrokerHeartbeatResponseData.class,
                                        ANSWER_WITHIN));
    }

    /**
     * Tells what the controller does not know yet, one request at a time; what fails is told again
     * with the next call.
     *
     * @param offline the directories that failed
     * @param placed where the replicas lie that the metadata has elsewhere or nowhere
     */
    public synchronized void tell(List<Uuid> offline, List<Placed> placed) {
        if (telling || view.nodeEpoch() < 0) {
            return;
        }
        if (!toldOffline.containsAll(offline)) {
            telling = true;
            heartbeat(false, offline)
                    .whenComplete(
                            (answer, failure) ->
                                    onTold(
                                            failure == null
                                                    && answer.errorCode() == Errors.NONE.code(),
                                            offline));
        } else if (!placed.isEmpty()) {
            telling = true;
            assign(placed)
                    .whenComplete(
                            (answer, failure) -> {
                                if (failure != null) {
                                    LOG.debug("AssignReplicasToDirs failed", failure);
                                }
                                onTold(false, List.of());
                            });
        }
    }

    /** Tells how much the leaders on this node append; the next report takes a lost one's place. */
    public void tellLoad(ReportLoadRequestData load) {
        if (view.nodeEpoch() < 0) {
            return;
        }
        load.setNodeId(nodeId).setNodeEpoch(view.nodeEpoch());
        links.controller()
                .thenCompose(
                        channel ->
                                channel.call(
                                        LOAD,
                                        (short) 0,
                                        load,
                                        ReportLoadResponseData.class,
                                        ANSWER_WITHIN))
                .whenComplete(
                        (answer, failure) -> {
                            if (failure != null) {
                                LOG.debug("ReportLoad failed", failure);
                            }
                        });
    }

    /**
     * Tells which log directories are slow, so that others lead what lies there. The next report
     * takes a lost one's place. Any thread.
     */
    public void tellSlow(Collection<Uuid> logDirs) {
        if (view.nodeEpoch() < 0) {
            return;
        }
        ReportSlowDisksRequestData report =
                new ReportSlowDisksRequestData()
                        .setNodeId(nodeId)
                        .setNodeEpoch(view.nodeEpoch())
                        .setLogDirs(List.copyOf(logDirs));
        links.controller()
                .thenCompose(
                        channel ->
                                channel.call(
                                        SLOW_DISKS,
                                        (short) 0,
                                        report,
                                        ReportSlowDisksResponseData.class,
                                        ANSWER_WITHIN))
                .whenComplete(
                        (answer, failure) -> {
                            if (failure != null) {
                                LOG.debug("ReportSlowDisks failed", failure);
                            }
                        });
    }

    /** Tells where logs end that may lead as a last resort; told again while they wait. */
    public void tellLogEnds(ReportLogEndsRequestData ends) {
        if (view.nodeEpoch() < 0) {
            return;
        }
        ends.setNodeId(nodeId).setNodeEpoch(view.nodeEpoch());
        links.controller()
                .thenCompose(
                        channel ->
                                channel.call(
                                        LOG_ENDS,
                                        (short) 0,
                                        ends,
                                        ReportLogEndsResponseData.class,
                                        ANSWER_WITHIN))
                .whenComplete(
                        (answer, failure) -> {
                            if (failure != null) {
                                LOG.debug("ReportLogEnds failed", failure);
                            }
                        });
    }

    private synchronized void onTold(boolean heard, List<Uuid> offline) {
        telling = false;
        if (heard) {
            toldOffline.addAll(offline);
        }
    }

    private CompletableFuture<AssignReplicasToDirsResponseData> assign(List<Placed> placed) {
        Map<Uuid, Map<Uuid, TopicData>> byDirectory = new HashMap<>();
        for (Placed each : placed.subList(0, Math.min(MAX_ASSIGNED, placed.size()))) {
            byDirectory
                    .computeIfAbsent(each.directory(), id -> new HashMap<>())
                    .computeIfAbsent(each.topicId(), id -> new TopicData().setTopicId(id))
                    .partitions()
                    .add(new PartitionData().setPartitionIndex(each.partition()));
        }
        List<DirectoryData> directories = new ArrayList<>();
        byDirectory.forEach(
                (id, topics) ->
                        directories.add(
                                new DirectoryData()
                                        .setId(id)
                                        .setTopics(new ArrayList<>(topics.values()))));
        AssignReplicasToDirsRequestData request =
                new AssignReplicasToDirsRequestData()
                        .setBrokerId(nodeId)
                        .setBrokerEpoch(view.nodeEpoch())
                        .setDirectories(directories);
        return links.controller()
                .thenCompose(
                        channel ->
                                channel.call(
                                        ASSIGN,
                                        ASSIGN_VERSION,
                                        request,
                                        AssignReplicasToDirsResponseData.class,
                                        ANSWER_WITHIN));
    }
}
