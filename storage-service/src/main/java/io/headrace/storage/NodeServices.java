package io.headrace.storage;

import io.headrace.storage.cluster.ClusterView;
import io.headrace.storage.cluster.ProducerIds;
import io.headrace.storage.config.StorageProperties;
import io.headrace.storage.fetch.ColdReads;
import io.headrace.storage.fetch.FetchService;
import io.headrace.storage.forward.CoordinatorLinks;
import io.headrace.storage.forward.Forwarder;
import io.headrace.storage.handler.forwarding.ShareStateQuestions;
import io.headrace.storage.handler.request.Services;
import io.headrace.storage.log.LogStore;
import io.headrace.storage.metrics.DataMetrics;
import io.headrace.storage.partition.Partitions;
import io.headrace.storage.repair.LogRepairer;
import io.headrace.storage.sharefetch.ShareService;
import io.headrace.transport.loop.Loops;

import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/** Puts together what the handlers of a node work with. */
final class NodeServices {
    private NodeServices() {}

    static Services of(
            StorageProperties properties,
            ClusterView view,
            Partitions partitions,
            LogStore store,
            LogRepairer repairer,
            Loops loops,
            CoordinatorLinks links,
            DataMetrics metrics,
            Executor io,
            LongSupplier clockMs,
            LongSupplier timeOfDayMs,
            SplittableRandom random) {
        StorageProperties.Limits limits = properties.limits();
        ColdReads coldReads = new ColdReads(io, limits.maxColdBytes());
        Forwarder forwarder = new Forwarder(links, clockMs, limits.maxForwarded());
        FetchService fetches =
                new FetchService(
                        loops,
                        partitions,
                        view::image,
                        coldReads,
                        repairer,
                        metrics,
                        clockMs,
                        limits.maxFetchBytes(),
                        random);
        ShareService shares =
                new ShareService(
                        loops,
                        partitions,
                        view::image,
                        new ShareStateQuestions(forwarder, view::image, links.loop(), clockMs),
                        coldReads,
                        repairer,
                        metrics,
                        clockMs,
                        limits.maxFetchBytes());
        return new Services(
                properties,
                view,
                partitions,
                store,
                fetches,
                shares,
                links,
                forwarder,
                new ProducerIds(properties.nodeId(), view, links),
                metrics,
                io,
                clockMs,
                timeOfDayMs);
    }
}
