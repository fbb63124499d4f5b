package io.headrace.storage;

import io.headrace.protocol.config.BrokerConfigNames;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.storage.cluster.ClusterView;
import io.headrace.storage.cluster.UncleanReplica;
import io.headrace.storage.compaction.CompactionCounters;
import io.headrace.storage.compaction.CompactionProperties;
import io.headrace.storage.compaction.Compactor;
import io.headrace.storage.config.NodeRates;
import io.headrace.storage.config.StorageProperties;
import io.headrace.storage.diskwatch.SlowDiskWatch;
import io.headrace.storage.log.LogRuntime;
import io.headrace.storage.log.LogStore;
import io.headrace.storage.log.LogStoreProperties;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.partition.Partitions;
import io.headrace.storage.repair.LogRepairer;
import io.headrace.storage.repair.Peers;
import io.headrace.storage.repair.RepairCounters;
import io.headrace.storage.repair.Scrubber;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.LoopGroup;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** What a node has on its disks: the recovered logs, and the thread that compacts them. */
final class NodeDisks implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NodeDisks.class);

    /** Names the file with the boot's id, where a fault test stands in for the system. */
    private static final String BOOT_ID_PROPERTY = "headrace.faults.boot-id";

    private final StorageProperties properties;
    private final String clusterId;
    private final LogStore logs;
    private final Compactor compactor;
    private final ExecutorService repairThread =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("storage-repair").factory());
    private volatile @Nullable LogRepairer repairer;
    private volatile @Nullable Scrubber scrubber;
    private volatile @Nullable SlowDiskWatch watch;

    private NodeDisks(
            StorageProperties properties, String clusterId, LogStore logs, Compactor compactor) {
        this.properties = properties;
        this.clusterId = clusterId;
        this.logs = logs;
        this.compactor = compactor;
    }

    /**
     * Locks the directories and recovers their logs; blocks. Known disks are recovered while the
     * coordinators are still looked for; new ones wait for the cluster's id.
     *
     * @throws IOException as {@link LogStore#open} says
     * @throws ExecutionException if there is no first image
     */
    static NodeDisks open(
            StorageProperties properties,
            LogRuntime runtime,
            ClusterView view,
            CompletableFuture<MetadataImage> firstImage)
            throws IOException, InterruptedException, ExecutionException {
        String known = clusterOf(properties.dataDirs());
        String clusterId = known == null ? firstImage.get().clusterId() : known;
        long startedNanos = System.nanoTime();
        AtomicLong readBytes = new AtomicLong();
        LogStore store =
                LogStore.open(
                        storeProperties(properties, clusterId),
                        runtime,
                        topic ->
                                Partitions.configOf(
                                        view.image(),
                                        topic,
                                        properties.topicDefaults(),
                                        properties.nodeId()),
                        (done, total, read) -> readBytes.set(read));
        LOG.info(
                "Recovered {} logs in {} ms, {} MB of them read",
                store.logs().size(),
                (System.nanoTime() - startedNanos) / 1_000_000,
                readBytes.get() / 1_000_000);
        store.limitMovesTo(
                () ->
                        NodeRates.of(
                                view.image(),
                                properties.nodeId(),
                                BrokerConfigNames.ALTER_LOG_DIRS_RATE,
                                0));
        store.failedDirectories()
                .forEach((path, reason) -> LOG.error("{} is offline: {}", path, reason));
        Compactor compactor =
                new Compactor(
                        compaction(properties.compaction()),
                        () -> store.logs().stream().map(PartitionLog::compactable).toList(),
                        runtime.clockMs());
        return new NodeDisks(properties, clusterId, store, compactor);
    }

    LogStore logs() {
        return logs;
    }

    /** Why nothing can be stored any more; empty while a log directory works. */
    Optional<StorageStartException> failure() {
        return logs.offlineCause()
                .map(
                        cause ->
                                new StorageStartException(
                                        "Every log directory failed, the last with "
                                                + cause.getClass().getSimpleName()
                                                + " ("
                                                + cause.getMessage()
                                                + "): mend the disk, then start again",
                                        cause));
    }

    CompactionCounters compactionCounters() {
        return compactor.counters();
    }

    /**
     * Begins to repair what readers and the scrub find damaged.
     *
     * @param timer any loop
     */
    LogRepairer startRepair(Peers peers, ClusterView view, Loop timer) {
        LogRepairer started =
                new LogRepairer(
                        logs::repairable,
                        peers,
                        repairThread,
                        timer,
                        () -> System.nanoTime() / 1_000_000);
        Scrubber reader =
                new Scrubber(
                        () -> logs.logs().stream().map(PartitionLog::id).toList(),
                        logs::repairable,
                        started,
                        () -> scrubRate(view.image()),
                        properties.scrub().pause());
        repairer = started;
        scrubber = reader;
        reader.start();
        return started;
    }

    private long scrubRate(MetadataImage image) {
        return NodeRates.of(
                image,
                properties.nodeId(),
                BrokerConfigNames.SCRUB_RATE,
                properties.scrub().maxBytesPerSecond());
    }

    /**
     * Begins to watch how long flushes take.
     *
     * @param tell hears which log directories are slow
     */
    void startWatch(Consumer<Set<Uuid>> tell) {
        StorageProperties.SlowDisk settings = properties.slowDisk();
        if (!settings.flushTime().isZero()) {
            SlowDiskWatch started =
                    new SlowDiskWatch(logs::takeFlushSamples, tell, settings.flushTime());
            watch = started;
            started.start(settings.after());
        }
    }

    /** What repair found and did, or null before it began. */
    @Nullable RepairCounters repairCounters() {
        LogRepairer started = repairer;
        return started == null ? null : started.counters();
    }

    /** Begins to compact; once, when the topics' configurations are known. */
    void startCompaction() {
        compactor.start();
    }

    /** Threads, clock and chance of this process, for its logs. */
    static LogRuntime runtime(LoopGroup loops, Executor io, LongSupplier clockMs) {
        return new LogRuntime(
                io,
                id -> Partitions.ownerOf(loops, id),
                clockMs,
                new SplittableRandom(),
                NodeDisks::bootId);
    }

    /** Logs of topics that the metadata does not place on this node are kept, out of sight. */
    CompletableFuture<Void> setAsideStrays(MetadataImage image) {
        return logs.setAsideStrays(
                id -> {
                    var partition = image.partition(id.topicId(), id.partition());
                    return partition != null
                            && partition.assignedReplicas().contains(properties.nodeId());
                });
    }

    /**
     * Refuses to go on when the disks belong to another cluster; nothing is changed.
     *
     * @throws StorageStartException if so
     */
    void requireCluster(MetadataImage image) {
        if (!clusterId.equals(image.clusterId())) {
            throw new StorageStartException(
                    "The log directory "
                            + properties.dataDirs().getFirst()
                            + " belongs to cluster "
                            + clusterId
                            + ", the metadata is of cluster "
                            + image.clusterId()
                            + ": choose another data directory, or start the cluster it belongs"
                            + " to");
        }
    }

    /** The partitions that may have lost acknowledged records, by topic; each is logged. */
    Map<Uuid, List<UncleanReplica>> unclean(MetadataImage image) {
        Map<Uuid, List<UncleanReplica>> unclean = new HashMap<>();
        for (PartitionLog log : logs.logs()) {
            log.unclean(
                            Partitions.configOf(
                                    image,
                                    log.id().topic(),
                                    properties.topicDefaults(),
                                    properties.nodeId()))
                    .ifPresent(
                            why -> {
                                LOG.warn("{} is unclean: {}", log.id(), why);
                                unclean.computeIfAbsent(log.id().topicId(), id -> new ArrayList<>())
                                        .add(
                                                new UncleanReplica(
                                                        log.id().partition(),
                                                        log.latestLeaderEpoch(),
                                                        log.logEndOffset()));
                            });
        }
        return unclean;
    }

    /** Ends compaction, then closes the logs; blocks. The owner loops must still run. */
    @Override
    public void close() {
        SlowDiskWatch watching = watch;
        if (watching != null) {
            watching.close();
        }
        Scrubber reader = scrubber;
        if (reader != null) {
            reader.close();
        }
        LogRepairer started = repairer;
        if (started != null) {
            started.close();
        }
        repairThread.shutdownNow();
        compactor.close();
        logs.close();
    }

    private static LogStoreProperties storeProperties(
            StorageProperties properties, String clusterId) {
        LogStoreProperties usual =
                LogStoreProperties.of(properties.dataDirs(), clusterId, properties.nodeId());
        return new LogStoreProperties(
                usual.logDirs(),
                clusterId,
                properties.nodeId(),
                usual.recoveryThreads(),
                usual.openFilesMax(),
                usual.warmBytes(),
                properties.limits().maxProducerIds(),
                properties.limits().producerIdExpiration(),
                usual.flushThreads(),
                properties.journalBytes(),
                usual.checkpointInterval(),
                usual.checkpointBytes(),
                usual.retentionCheckInterval());
    }

    private static CompactionProperties compaction(StorageProperties.Compaction settings) {
        long heapShare = Math.max(1024, Runtime.getRuntime().maxMemory() / 8);
        return new CompactionProperties(
                Math.min(settings.dedupeBufferBytes(), heapShare),
                CompactionProperties.DEFAULT.dedupeBufferLoadFactor(),
                settings.maxBytesPerSecond(),
                CompactionProperties.DEFAULT.maxDecompressedBytes(),
                settings.backoff());
    }

    /** The cluster that the disks say they belong to, or null when they are new. */
    private static @Nullable String clusterOf(List<Path> directories) throws IOException {
        for (Path directory : directories) {
            Path file = directory.resolve("meta.properties");
            if (Files.isReadable(file)) {
                for (String line : Files.readAllLines(file)) {
                    if (line.startsWith("cluster.id=")) {
                        return line.substring("cluster.id=".length()).trim();
                    }
                }
            }
        }
        return null;
    }

    private static String bootId() {
        String file = System.getProperty(BOOT_ID_PROPERTY, "/proc/sys/kernel/random/boot_id");
        try {
            return Files.readString(Path.of(file)).trim();
        } catch (IOException e) {
            // Not Linux: without a name for this boot, each start counts as a new one.
            return Uuid.randomUuid().toString();
        }
    }
}
