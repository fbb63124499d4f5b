package io.headrace.storage;

import io.headrace.protocol.config.BrokerConfigNames;
import io.headrace.protocol.message.ReportLoadRequestData;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.storage.cluster.ClusterView;
import io.headrace.storage.cluster.NodeReports;
import io.headrace.storage.cluster.NodeReports.Placed;
import io.headrace.storage.log.LogDirDescription;
import io.headrace.storage.log.LogStore;
import io.headrace.storage.partition.PartitionStats;
import io.headrace.storage.partition.Partitions;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.Uuid;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** What a serving node tells the controller now and then, and how it hands over when it stops. */
final class NodeUpkeep {
    private static final Logger LOG = LoggerFactory.getLogger(NodeUpkeep.class);
    private static final long ASK_AGAIN_MS = 50;
    private static final int FAILURES_MAX = 3;
    private static final long LOAD_EVERY_MS = 10_000;

    private final int nodeId;
    private final ClusterView view;
    private final LogStore logs;
    private final Partitions partitions;
    private final NodeReports reports;
    private final LoadMeter meter = new LoadMeter();
    private final LastResort lastResort;
    private long loadToldMs = Long.MIN_VALUE / 2;

    NodeUpkeep(
            int nodeId,
            ClusterView view,
            LogStore logs,
            Partitions partitions,
            NodeReports reports) {
        this.nodeId = nodeId;
        this.view = view;
        this.logs = logs;
        this.partitions = partitions;
        this.reports = reports;
        this.lastResort = new LastResort(nodeId, partitions, reports);
    }

    /** The metadata of those topics changed, and the change is on its way to their partitions. */
    void onMetadata(MetadataImage image, Collection<Uuid> topicIds) {
        lastResort.look(image, topicIds);
    }

    /**
     * Tells where logs end that may lead as a last resort; with several log directories, which
     * failed and where the replicas lie.
     */
    void tell() {
        lastResort.tell(view.image());
        if (logs.directoryIds().size() < 2) {
            return;
        }
        List<Uuid> offline = new ArrayList<>();
        List<Placed> placed = new ArrayList<>();
        MetadataImage image = view.image();
        for (LogDirDescription directory : logs.describe()) {
            if (!directory.online()) {
                offline.add(directory.directoryId());
                continue;
            }
            directory
                    .partitionBytes()
                    .keySet()
                    .forEach(
                            id -> {
                                PartitionImage known =
                                        image.partition(id.topicId(), id.partition());
                                if (known != null && isElsewhere(known, directory.directoryId())) {
                                    placed.add(
                                            new Placed(
                                                    id.topicId(),
                                                    id.partition(),
                                                    directory.directoryId()));
                                }
                            });
        }
        reports.tell(offline, placed);
    }

    /** Tells how much is appended here now and then, while leaders are balanced by that. */
    void tellLoad(long nowMs) {
        var defaults = view.image().configsOf(new ConfigResourceKey(ConfigResourceKey.BROKER, ""));
        boolean wanted = "true".equals(defaults.get(BrokerConfigNames.BALANCE_BY_LOAD));
        if (!wanted || nowMs - loadToldMs < LOAD_EVERY_MS) {
            return;
        }
        loadToldMs = nowMs;
        Map<TopicIdPartition, PartitionStats> stats = new HashMap<>();
        partitions.all().forEach(partition -> stats.put(partition.id(), partition.stats()));
        ReportLoadRequestData load = meter.measure(stats, nowMs);
        if (load != null) {
            reports.tellLoad(load);
        }
    }

    private boolean isElsewhere(PartitionImage partition, Uuid directory) {
        int index = partition.assignedReplicas().indexOf(nodeId);
        boolean named = index >= 0 && index < partition.logDirs().size();
        return index >= 0 && !(named && partition.logDirs().get(index).equals(directory));
    }

    /**
     * Has the controller elect others for what this node leads, and take it out of the in-sync sets
     * that it is in: nobody waits for it when it is gone.
     *
     * @param timer any loop
     * @return completes when the controller says that it may stop, or the time is up
     */
    CompletableFuture<Void> handOver(Duration limit, Loop timer) {
        CompletableFuture<Void> over = new CompletableFuture<>();
        if (limit.isZero()) {
            over.complete(null);
            return over;
        }
        Loop.ScheduledTask late = timer.schedule(() -> over.complete(null), limit.toMillis());
        partitions.leave().whenComplete((copied, failure) -> askOn(over, timer, FAILURES_MAX));
        return over.thenCompose(done -> partitions.handedOver())
                .whenComplete((done, failure) -> late.cancel());
    }

    /** Asks again and again while there is something to leave. */
    private void askOn(CompletableFuture<Void> over, Loop timer, int failuresLeft) {
        if (over.isDone() || failuresLeft == 0) {
            over.complete(null);
            return;
        }
        partitions
                .anyToLeave()
                .whenComplete(
                        (any, failure) -> {
                            if (Boolean.TRUE.equals(any)) {
                                ask(over, timer, failuresLeft);
                            } else {
                                over.complete(null);
                            }
                        });
    }

    private void ask(CompletableFuture<Void> over, Loop timer, int failuresLeft) {
        reports.wantShutDown()
                .whenComplete(
                        (mayStop, refusal) -> {
                            LOG.debug("Asked to hand over; may stop: {}", mayStop, refusal);
                            if (Boolean.TRUE.equals(mayStop)) {
                                over.complete(null);
                                return;
                            }
                            int left = refusal == null ? FAILURES_MAX : failuresLeft - 1;
                            timer.schedule(() -> askOn(over, timer, left), ASK_AGAIN_MS);
                        });
    }
}
