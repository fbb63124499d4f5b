package io.headrace.storage;

import io.headrace.protocol.metadata.Endpoint;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.simulation.network.Host;
import io.headrace.simulation.network.Wire;
import io.headrace.simulation.network.World;
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
import io.headrace.storage.log.LogRuntime;
import io.headrace.storage.log.LogStore;
import io.headrace.storage.metrics.ApiMetrics;
import io.headrace.storage.metrics.DataMetrics;
import io.headrace.storage.partition.PartitionSurroundings;
import io.headrace.storage.partition.Partitions;
import io.headrace.storage.repair.LogRepairer;
import io.headrace.testkit.disk.SimulatedDisk;
import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.auth.NodeAuthenticator;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.Loops;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** A storage node as {@link StorageNode} wires it, on simulated ground. */
public final class SimulatedStorageNode {
    private static final long TICK_MS = 1_000;

    private final Host host;
    private final World world;
    private final StorageProperties properties;
    private final ClusterSecret secret;
    private final String bootId;
    private final Consumer<LogStore> onRecovery;
    private final ClusterView view = new ClusterView();
    private final Uuid incarnationId;
    private final ApiMetrics apiMetrics = new ApiMetrics();
    private final DataMetrics dataMetrics = new DataMetrics();
    private final Loops loops;
    private final Executor io;
    private final Executor commits;
    private final Loop upkeep;
    private final CoordinatorLinks links;
    private final MetadataTail tail;
    private final LeaderFetchers fetchers;
    private @Nullable Partitions partitions;
    private @Nullable NodeDisks disks;
    private @Nullable NodeUpkeep welfare;
    private boolean serving;
    private @Nullable Throwable failure;

    /**
     * What a node stands on.
     *
     * @param bootId names this boot of its machine
     * @param flushMaxMs how long a group commit takes to begin, at most
     * @param properties its own settings
     * @param onRecovery what it does to its logs before it serves: a planted bug, or nothing
     */
    public record Ground(
            Host host,
            Wire wire,
            SimulatedDisk disk,
            String bootId,
            long flushMaxMs,
            StorageProperties properties,
            Consumer<LogStore> onRecovery) {}

    /** Starts a process on the host. */
    public SimulatedStorageNode(Ground ground) {
        this.host = ground.host();
        this.world = host.world();
        this.properties = ground.properties();
        this.bootId = ground.bootId();
        this.onRecovery = ground.onRecovery();
        this.secret = ClusterSecret.of(properties.clusterSecret());
        this.incarnationId = new Uuid(world.random().nextLong(), world.random().nextLong());
        this.loops = host.loops(2);
        Loops linkLoops = host.loops(1);
        this.io = host.threads(0, 1);
        this.commits = host.threads(0, ground.flushMaxMs());
        this.upkeep = host.loops(1).at(0);
        NodeAuthenticator authenticator =
                new NodeAuthenticator(secret, properties.nodeId(), "storage");
        this.links =
                new CoordinatorLinks(
                        properties.coordinators().stream()
                                .map(name -> InetSocketAddress.createUnresolved(nameOf(name), 9094))
                                .toList(),
                        linkLoops,
                        ground.wire().connectorOf(host, linkLoops),
                        new ChannelOptions(
                                "storage-" + properties.nodeId(),
                                Duration.ofSeconds(2),
                                Duration.ofSeconds(30),
                                256 << 20),
                        authenticator,
                        view::image,
                        world::elapsedMs);
        this.fetchers =
                new LeaderFetchers(
                        FetcherSettings.of(properties.nodeId(), view::nodeEpoch, view::image),
                        loops,
                        ground.wire().connectorOf(host, loops),
                        authenticator);
        this.tail = new MetadataTail(view, links, this::onMetadata);
        CompletableFuture<MetadataImage> firstImage = tail.start();
        firstImage.thenAccept(image -> links.loop().execute(() -> open(image, firstImage)));
    }

    private static String nameOf(String hostPort) {
        return hostPort.substring(0, hostPort.lastIndexOf(':'));
    }

    public int nodeId() {
        return properties.nodeId();
    }

    public ClusterView view() {
        return view;
    }

    public Host host() {
        return host;
    }

    public boolean isServing() {
        return serving;
    }

    /** The partitions, or null before recovery is done. */
    public @Nullable Partitions partitions() {
        return partitions;
    }

    /** The logs, or null before recovery is done. */
    public @Nullable LogStore logs() {
        NodeDisks opened = disks;
        return opened == null ? null : opened.logs();
    }

    /** Why the node cannot start or go on, or null. */
    public @Nullable Throwable failure() {
        return failure;
    }

    private void open(MetadataImage image, CompletableFuture<MetadataImage> firstImage) {
        try {
            NodeDisks opened =
                    NodeDisks.open(
                            properties,
                            new LogRuntime(
                                    io,
                                    id -> Partitions.ownerOf(loops, id),
                                    world::nowMs,
                                    world.random().split(),
                                    () -> bootId,
                                    commits),
                            view,
                            firstImage);
            disks = opened;
            onRecovery.accept(opened.logs());
            opened.requireCluster(image);
            opened.setAsideStrays(image)
                    .thenRun(() -> links.loop().execute(() -> serve(opened, view.image())));
        } catch (IOException | ExecutionException | RuntimeException e) {
            failure = e;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void serve(NodeDisks opened, MetadataImage image) {
        LogStore store = opened.logs();
        Partitions created =
                new Partitions(surroundings(), loops, store, properties.topicDefaults());
        partitions = created;
        created.apply(image, image.topicsById().keySet(), view.nodeEpoch());
        tail.register(registration(opened, image))
                .thenCompose(done -> created.apply(view.image(), Set.of(), view.nodeEpoch()))
                .whenComplete(
                        (done, refusal) -> {
                            if (refusal != null) {
                                failure = refusal;
                            } else {
                                openPort(created, store);
                            }
                        });
    }

    private PartitionSurroundings surroundings() {
        return new PartitionSurroundings(
                properties.nodeId(),
                properties.replication().lagTimeMax().toMillis(),
                io,
                world::nowMs,
                world::nowMs,
                fetchers,
                new IsrProposer(properties.nodeId(), view, links));
    }

    private Registration registration(NodeDisks opened, MetadataImage image) {
        return new Registration(
                properties.nodeId(),
                incarnationId,
                image.clusterId(),
                List.of(
                        new Endpoint(Endpoint.CLIENT, host.name(), 9092),
                        new Endpoint(Endpoint.NODE, host.name(), 9092)),
                properties.rack(),
                opened.logs().directoryIds(),
                opened.unclean(image));
    }

    private void openPort(Partitions created, LogStore store) {
        NodeUpkeep own =
                new NodeUpkeep(
                        properties.nodeId(),
                        view,
                        store,
                        created,
                        new NodeReports(properties.nodeId(), view, links));
        welfare = own;
        own.onMetadata(view.image(), view.image().topicsById().keySet());
        Services services =
                NodeServices.of(
                        properties,
                        view,
                        created,
                        store,
                        new LogRepairer(store::repairable, fetchers.peers(loops)),
                        loops,
                        links,
                        dataMetrics,
                        io,
                        world::nowMs,
                        world::nowMs,
                        world.random().split());
        host.serve(loops, new Dispatcher(Handlers.of(services), secret, apiMetrics));
        serving = true;
        upkeep.schedule(this::tick, TICK_MS);
    }

    private void tick() {
        NodeDisks opened = disks;
        Partitions current = partitions;
        NodeUpkeep own = welfare;
        if (opened != null && current != null && own != null) {
            opened.logs().tick(world.nowMs());
            current.tick(view.image());
            own.tell();
            opened.failure().ifPresent(cause -> failure = cause);
        }
        upkeep.schedule(this::tick, TICK_MS);
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
}
