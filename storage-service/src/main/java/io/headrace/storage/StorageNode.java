package io.headrace.storage;

import io.headrace.protocol.metadata.Endpoint;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.storage.cluster.ClusterView;
import io.headrace.storage.cluster.IsrProposer;
import io.headrace.storage.cluster.MetadataChange;
import io.headrace.storage.cluster.MetadataTail;
import io.headrace.storage.cluster.NodeReports;
import io.headrace.storage.cluster.Registration;
import io.headrace.storage.config.StorageProperties;
import io.headrace.storage.fetcher.FetcherSettings;
import io.headrace.storage.fetcher.LeaderFetchers;
import io.headrace.storage.forward.CoordinatorLinks;
import io.headrace.storage.handler.Dispatcher;
import io.headrace.storage.handler.Handlers;
import io.headrace.storage.handler.request.Services;
import io.headrace.storage.log.LogStore;
import io.headrace.storage.metrics.ApiMetrics;
import io.headrace.storage.metrics.DataMetrics;
import io.headrace.storage.partition.PartitionSurroundings;
import io.headrace.storage.partition.Partitions;
import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.auth.NodeAuthenticator;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.loop.LoopGroup;
import io.headrace.transport.loop.SteadyClock;
import io.headrace.transport.server.FrameServer;
import io.headrace.transport.server.ServerOptions;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;

/**
 * A storage node: everything between its data directories and its client port.
 *
 * <pre>
 *   start: reserve the port - follow the metadata log - lock and recover the directories
 *          - register - apply the metadata, lead - open the port
 *   stop:  close the port - end waiting requests - flush and mark the logs clean - leave
 * </pre>
 */
public final class StorageNode implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StorageNode.class);
    private static final long STOP_MS = 10_000;
    private static final Duration COORDINATOR_CONNECT_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration COORDINATOR_REQUEST_TIMEOUT = Duration.ofSeconds(30);
    private static final int MAX_COORDINATOR_FRAME_BYTES = 256 << 20;

    private final StorageProperties properties;
    private final ClusterSecret secret;
    private final LongSupplier clockMs = new SteadyClock();
    private final LongSupplier timeOfDayMs = System::currentTimeMillis;
    private final ClusterView view = new ClusterView();
    private final Uuid incarnationId = Uuid.randomUuid();
    private final ApiMetrics apiMetrics = new ApiMetrics();
    private final DataMetrics dataMetrics = new DataMetrics();
    private final PortReservation port;
    private final LoopGroup loops;
    private final LoopGroup linkLoops;
    private final ExecutorService io;
    private final ScheduledExecutorService upkeep;
    private final CoordinatorLinks links;
    private final MetadataTail tail;
    private final LeaderFetchers fetchers;
    private final CompletableFuture<InetSocketAddress> started = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread starter;
    private volatile @Nullable Partitions partitions;
    private volatile @Nullable NodeDisks disks;
    private volatile @Nullable NodeUpkeep welfare;
    private volatile @Nullable Dispatcher dispatcher;
    private volatile @Nullable FrameServer server;
    private volatile boolean closed;

    /**
     * Starts in the background.
     *
     * @throws StorageStartException if it is clear at once that the node cannot run
     */
    public static StorageNode start(StorageProperties properties) {
        StorageNode node = new StorageNode(properties);
        node.starter.start();
        return node;
    }

    private StorageNode(StorageProperties properties) {
        this.properties = properties;
        try {
            this.secret = ClusterSecret.of(properties.clusterSecret());
        } catch (IllegalArgumentException e) {
            throw new StorageStartException(
                    "headrace.storage.cluster-secret: " + e.getMessage(), e);
        }
        this.port =
                PortReservation.take(properties.listener().host(), properties.listener().port());
        this.loops = LoopGroup.start("storage", properties.loopCount());
        this.linkLoops = LoopGroup.start("storage-links", 1);
        this.io =
                Executors.newFixedThreadPool(
                        properties.ioThreads(),
                        Thread.ofPlatform().daemon().name("storage-io-", 0).factory());
        this.upkeep =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name("storage-upkeep").factory());
        this.links =
                new CoordinatorLinks(
                        properties.coordinators().stream().map(StorageNode::parse).toList(),
                        linkLoops,
                        new ChannelOptions(
                                "storage-" + properties.nodeId(),
                                COORDINATOR_CONNECT_TIMEOUT,
                                COORDINATOR_REQUEST_TIMEOUT,
                                MAX_COORDINATOR_FRAME_BYTES),
                        new NodeAuthenticator(secret, properties.nodeId(), "storage"),
                        view::image);
        this.fetchers =
                new LeaderFetchers(
                        FetcherSettings.of(properties.nodeId(), view::nodeEpoch, view::image),
                        loops,
                        new NodeAuthenticator(secret, properties.nodeId(), "storage"));
        this.tail = new MetadataTail(view, links, this::onMetadata);
        this.starter = new Thread(this::startUp, "storage-start");
    }

    /**
     * Completes with the client address once the node serves; fails with {@link
     * StorageStartException} when it never will.
     */
    public CompletableFuture<InetSocketAddress> started() {
        return started;
    }

    /**
     * Fails with {@link StorageStartException} when a node that served cannot go on; completes when
     * it was closed.
     */
    public CompletableFuture<Void> ended() {
        return ended;
    }

    /** The port that clients connect to, now or once the node serves. */
    public int port() {
        return port.port();
    }

    /** Whether clients are served now. */
    public boolean isServing() {
        return server != null && !closed;
    }

    public ClusterView cluster() {
        return view;
    }

    public Uuid incarnationId() {
        return incarnationId;
    }

    public ApiMetrics apiMetrics() {
        return apiMetrics;
    }

    public DataMetrics dataMetrics() {
        return dataMetrics;
    }

    /** Null before recovery is done. */
    @Nullable NodeDisks disks() {
        return disks;
    }

    /** The partitions, or null before recovery is done. */
    public @Nullable Partitions partitions() {
        return partitions;
    }

    /** What serves the frames of any connection, or null before the node serves. */
    @Nullable Dispatcher dispatcher() {
        return dispatcher;
    }

    // Start.

    private void startUp() {
        try {
            tail.ended().exceptionally(this::endRefused);
            CompletableFuture<MetadataImage> firstImage = tail.start();
            NodeDisks opened =
                    NodeDisks.open(
                            properties,
                            NodeDisks.runtime(loops, io, timeOfDayMs),
                            view,
                            firstImage);
            disks = opened;
            LogStore store = opened.logs();
            MetadataImage image = firstImage.get();
            opened.requireCluster(image);
            opened.setAsideStrays(image).get();
            Partitions created =
                    new Partitions(surroundings(), loops, store, properties.topicDefaults());
            createPartitions(created);
            tail.register(registration(opened, image)).get();
            settle(created);
            NodeReports reports = new NodeReports(properties.nodeId(), view, links);
            NodeUpkeep own = new NodeUpkeep(properties.nodeId(), view, store, created, reports);
            welfare = own;
            own.onMetadata(view.image(), view.image().topicsById().keySet());
            opened.startCompaction();
            opened.startWatch(reports::tellSlow);
            openPort(
                    NodeServices.of(
                            properties,
                            view,
                            created,
                            store,
                            opened.startRepair(fetchers.peers(loops), view),
                            loops,
                            links,
                            dataMetrics,
                            io,
                            clockMs,
                            timeOfDayMs,
                            new SplittableRandom()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            started.completeExceptionally(new StorageStartException("The start was interrupted"));
        } catch (ExecutionException e) {
            fail(MetadataTail.unwrap(e.getCause() == null ? e : e.getCause()));
        } catch (IOException | RuntimeException e) {
            fail(e);
        }
    }

    private @Nullable Void endRefused(Throwable refusal) {
        ended.completeExceptionally(
                new StorageStartException(String.valueOf(refusal.getMessage()), refusal));
        return null;
    }

    private PartitionSurroundings surroundings() {
        return new PartitionSurroundings(
                properties.nodeId(),
                properties.replication().lagTimeMax().toMillis(),
                io,
                clockMs,
                timeOfDayMs,
                fetchers,
                new IsrProposer(properties.nodeId(), view, links));
    }

    private void fail(Throwable cause) {
        if (closed) {
            started.completeExceptionally(new StorageStartException("The node was stopped", cause));
            return;
        }
        StorageStartException failure = StorageStartException.of(cause);
        LOG.debug("Start failed", failure);
        started.completeExceptionally(failure);
    }

    /** From here on the tail's loop feeds the partitions; it first gets all that is known. */
    private void createPartitions(Partitions created)
            throws InterruptedException, ExecutionException {
        CompletableFuture<Void> applied = new CompletableFuture<>();
        links.loop()
                .execute(
                        () -> {
                            partitions = created;
                            MetadataImage image = view.image();
                            created.apply(image, image.topicsById().keySet(), view.nodeEpoch());
                            applied.complete(null);
                        });
        applied.get();
    }

    private CompletableFuture<Void> onMetadata(MetadataChange change, long nodeEpoch) {
        Partitions current = partitions;
        if (current == null) {
            return CompletableFuture.completedFuture(null);
        }
        CompletableFuture<Void> settled =
                current.apply(change.after(), change.topicIds(), nodeEpoch);
        NodeUpkeep own = welfare;
        if (own != null) {
            own.onMetadata(change.after(), change.topicIds());
        }
        return settled;
    }

    private String advertisedHost() {
        StorageProperties.Advertised advertised = properties.advertised();
        return advertised == null ? reachableHost() : advertised.host();
    }

    private int advertisedPort() {
        StorageProperties.Advertised advertised = properties.advertised();
        return advertised == null ? port.port() : advertised.port();
    }

    /** What other nodes are told to connect to, host:port. */
    String advertisedAddress() {
        return advertisedHost() + ":" + advertisedPort();
    }

    private Registration registration(NodeDisks opened, MetadataImage image) {
        String host = advertisedHost();
        int clientPort = advertisedPort();
        return new Registration(
                properties.nodeId(),
                incarnationId,
                image.clusterId(),
                List.of(
                        new Endpoint(Endpoint.CLIENT, host, clientPort),
                        new Endpoint(Endpoint.NODE, host, clientPort)),
                properties.rack(),
                opened.logs().directoryIds(),
                opened.unclean(image));
    }

    /** Where other nodes reach this one when nothing is advertised: on this machine. */
    private String reachableHost() {
        String host = properties.listener().host();
        try {
            InetAddress address = InetAddress.getByName(host);
            return address.isAnyLocalAddress() ? "127.0.0.1" : host;
        } catch (UnknownHostException e) {
            return host;
        }
    }

    /** Waits until the partitions that this node is to lead are led, or a while. */
    private void settle(Partitions created) throws InterruptedException {
        CompletableFuture<Void> settled = new CompletableFuture<>();
        links.loop()
                .execute(
                        () ->
                                created.apply(view.image(), Set.of(), view.nodeEpoch())
                                        .whenComplete((done, failure) -> settled.complete(null)));
        try {
            settled.get(STOP_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("Serving before all partitions are ready", e);
        }
    }

    private void openPort(Services services) throws IOException {
        StorageProperties.Limits limits = properties.limits();
        Dispatcher doors = new Dispatcher(Handlers.of(services), secret, apiMetrics);
        dispatcher = doors;
        ServerOptions options =
                new ServerOptions(
                        properties.listener().host(),
                        port.port(),
                        limits.maxConnections(),
                        limits.maxConnectionsPerAddress(),
                        limits.maxRequestBytes(),
                        limits.maxSmallRequestBytes(),
                        limits.maxInFlight(),
                        limits.maxRequestMemoryBytes(),
                        limits.idleTimeout(),
                        limits.stallTimeout());
        synchronized (this) {
            if (closed) {
                throw new StorageStartException("The node was stopped");
            }
            port.close();
            server = FrameServer.start(options, loops, doors);
        }
        upkeep.scheduleWithFixedDelay(this::tick, 1, 1, TimeUnit.SECONDS);
        LOG.info("Serving Kafka clients on {}:{}", properties.listener().host(), port.port());
        started.complete(new InetSocketAddress(properties.listener().host(), port.port()));
    }

    private void tick() {
        try {
            NodeDisks opened = disks;
            Partitions current = partitions;
            if (opened != null && current != null) {
                opened.logs().tick(timeOfDayMs.getAsLong());
                current.tick(view.image());
                NodeUpkeep own = welfare;
                if (own != null) {
                    own.tell();
                    own.tellLoad(clockMs.getAsLong());
                }
                opened.failure().ifPresent(ended::completeExceptionally);
            }
        } catch (RuntimeException e) {
            LOG.error("Upkeep failed", e);
        }
    }

    private static InetSocketAddress parse(String hostPort) {
        int colon = hostPort.lastIndexOf(':');
        return InetSocketAddress.createUnresolved(
                hostPort.substring(0, colon), Integer.parseInt(hostPort.substring(colon + 1)));
    }

    // Stop.

    /** Stops in order: no client sees a record that the logs then lose. Blocks. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        handOver();
        starter.interrupt();
        FrameServer open = server;
        if (open != null) {
            open.stopAccepting();
            open.close();
        }
        tail.stop();
        fetchers.close();
        upkeep.shutdownNow();
        joinStarter();
        closeLogs();
        links.close();
        linkLoops.close();
        loops.close();
        io.shutdown();
        closePort();
        ended.complete(null);
    }

    /** Others lead first, if they can: clients then have somewhere to go. */
    private void handOver() {
        NodeUpkeep own = welfare;
        if (own != null && server != null) {
            own.handOver(properties.replication().handOverWait());
        }
    }

    private void closePort() {
        try {
            port.close();
        } catch (IOException e) {
            LOG.warn("The port's reservation could not be given back", e);
        }
    }

    private void joinStarter() {
        try {
            starter.join(STOP_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void closeLogs() {
        Partitions current = partitions;
        if (current != null) {
            try {
                current.close().get(STOP_MS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (ExecutionException | TimeoutException e) {
                LOG.warn("Partitions did not end in time", e);
            }
        }
        NodeDisks opened = disks;
        if (opened != null) {
            opened.close();
        }
    }
}
