package io.headrace.storage.handler.request;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.storage.cluster.ClusterView;
import io.headrace.storage.cluster.ProducerIds;
import io.headrace.storage.config.StorageProperties;
import io.headrace.storage.fetch.FetchService;
import io.headrace.storage.forward.CoordinatorLinks;
import io.headrace.storage.forward.Forwarder;
import io.headrace.storage.log.LogStore;
import io.headrace.storage.metrics.DataMetrics;
import io.headrace.storage.partition.Partitions;
import io.headrace.storage.sharefetch.ShareService;

import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/** What the handlers of a node work with. */
public record Services(
        StorageProperties properties,
        ClusterView cluster,
        Partitions partitions,
        LogStore logs,
        FetchService fetches,
        ShareService shares,
        CoordinatorLinks links,
        Forwarder forwarder,
        ProducerIds producerIds,
        DataMetrics dataMetrics,
        Executor io,
        LongSupplier clockMs,
        LongSupplier timeOfDayMs) {

    public MetadataImage image() {
        return cluster.image();
    }

    public int nodeId() {
        return properties.nodeId();
    }

    /** What deadlines are measured by. */
    public long nowMs() {
        return clockMs.getAsLong();
    }

    /** What records are stamped with. */
    public long timeOfDay() {
        return timeOfDayMs.getAsLong();
    }
}
