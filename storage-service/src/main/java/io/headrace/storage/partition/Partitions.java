package io.headrace.storage.partition;

import io.headrace.protocol.config.BrokerConfigNames;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.storage.log.DiskFullException;
import io.headrace.storage.log.LogConfig;
import io.headrace.storage.log.LogStore;
import io.headrace.storage.log.PartitionLog;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.LoopRound;
import io.headrace.transport.loop.Loops;
import io.headrace.transport.loop.Roster;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * The partitions that the metadata assigns to this node. Lookups come from any thread; changes from
 * the one thread that applies metadata.
 */
public final class Partitions {
    private static final Logger LOG = LoggerFactory.getLogger(Partitions.class);
    private static final long REOPEN_MS = 1_000;

    private final PartitionSurroundings around;
    private final Loops loops;
    private final LogStore store;
    private final Map<String, String> topicDefaults;
    private final Map<Key, Partition> byKey = new ConcurrentHashMap<>();
    private final Roster<Partition> awake = new Roster<>();
    private final Map<Key, LogConfig> waitingForRoom = new ConcurrentHashMap<>();

    private record Key(Uuid topicId, int partition) {}

    /**
     * @param topicDefaults this node's defaults of topic configs, by Kafka's topic-level names
     */
    public Partitions(
            PartitionSurroundings around,
            Loops loops,
            LogStore store,
            Map<String, String> topicDefaults) {
        this.around = around;
        this.loops = loops;
        this.store = store;
        this.topicDefaults = Map.copyOf(topicDefaults);
    }

    /** The loop that owns a partition, the same for as long as this process lives. */
    public static Loop ownerOf(Loops loops, TopicIdPartition id) {
        int hash = id.topicId().hashCode() * 31 + id.partition();
        hash ^= hash >>> 16;
        return loops.at(Math.floorMod(hash, loops.size()));
    }

    /** This node. */
    public int nodeId() {
        return around.nodeId();
    }

    /** The partition, or null when the metadata does not assign it to this node. */
    public @Nullable Partition find(Uuid topicId, int partition) {
        return byKey.get(new Key(topicId, partition));
    }

    public Collection<Partition> all() {
        return Collections.unmodifiableCollection(byKey.values());
    }

    /**
     * Brings the partitions of some topics in line with the metadata.
     *
     * @param topicIds the topics that changed
     * @param nodeEpoch this incarnation's node epoch, or -1
     * @return completes when every partition newly assigned serves or has failed
     */
    public CompletableFuture<Void> apply(
            MetadataImage image, Collection<Uuid> topicIds, long nodeEpoch) {
        List<CompletableFuture<Void>> settling = new ArrayList<>();
        for (Uuid topicId : topicIds) {
            TopicImage topic = image.topic(topicId);
            if (topic == null) {
                removeTopic(topicId);
            } else {
                applyTopic(image, topic, nodeEpoch, settling);
            }
        }
        return CompletableFuture.allOf(settling.toArray(CompletableFuture[]::new));
    }

    private void applyTopic(
            MetadataImage image,
            TopicImage topic,
            long nodeEpoch,
            List<CompletableFuture<Void>> settling) {
        LogConfig config = configOf(image, topic.name());
        for (PartitionImage partition : topic.partitions().values()) {
            Key key = new Key(topic.topicId(), partition.partition());
            Partition known = byKey.get(key);
            if (!partition.assignedReplicas().contains(around.nodeId())) {
                if (known != null) {
                    remove(key, known);
                }
                continue;
            }
            Partition current = known;
            if (current == null) {
                current = create(topic, partition.partition(), config);
                byKey.put(key, current);
                awake.add(current);
                settling.add(current.firstSettled());
            }
            waitingForRoom.replace(key, config);
            Partition target = current;
            target.loop()
                    .execute(
                            () -> {
                                target.onConfig(config);
                                target.onMetadata(partition, nodeEpoch);
                            });
        }
    }

    private Partition create(TopicImage topic, int partition, LogConfig config) {
        TopicIdPartition id = new TopicIdPartition(topic.topicId(), partition, topic.name());
        Loop loop = ownerOf(loops, id);
        Partition created = new Partition(id, loop, around, awake);
        open(created, config);
        return created;
    }

    private void open(Partition created, LogConfig config) {
        store.openOrCreate(created.id(), config)
                .whenComplete(
                        (log, failure) ->
                                created.loop().run(() -> onOpened(created, config, log, failure)));
    }

    private void onOpened(
            Partition created,
            LogConfig config,
            @Nullable PartitionLog log,
            @Nullable Throwable failure) {
        if (log != null) {
            created.onOpened(log);
        } else if (failure != null && DiskFullException.isCauseOf(failure)) {
            LOG.error("{}; trying again until there is room", failure.getMessage());
            Key key = new Key(created.id().topicId(), created.id().partition());
            waitingForRoom.put(key, config);
            created.firstSettled().complete(null);
            created.loop()
                    .schedule(
                            () -> {
                                LogConfig latest = waitingForRoom.remove(key);
                                if (latest != null && byKey.get(key) == created) {
                                    open(created, latest);
                                }
                            },
                            REOPEN_MS);
        } else if (failure != null) {
            created.onOpenFailed(failure);
        }
    }

    private void removeTopic(Uuid topicId) {
        for (Map.Entry<Key, Partition> entry : byKey.entrySet()) {
            if (entry.getKey().topicId().equals(topicId)) {
                remove(entry.getKey(), entry.getValue());
            }
        }
    }

    private void remove(Key key, Partition partition) {
        byKey.remove(key);
        partition
                .loop()
                .execute(
                        () -> {
                            partition.close(Errors.UNKNOWN_TOPIC_OR_PARTITION);
                            store.delete(partition.id())
                                    .whenComplete(
                                            (done, failure) -> {
                                                if (failure != null) {
                                                    LOG.error(
                                                            "Cannot delete the log of {}",
                                                            partition.id(),
                                                            failure);
                                                }
                                            });
                        });
    }

    /** The configuration of a topic, with this node's defaults for what it leaves out. */
    public LogConfig configOf(MetadataImage image, String topic) {
        return configOf(image, topic, topicDefaults, around.nodeId());
    }

    /** As {@link #configOf(MetadataImage, String)}, before there are partitions. */
    public static LogConfig configOf(
            MetadataImage image, String topic, Map<String, String> topicDefaults, int nodeId) {
        Map<String, String> overrides = image.configsOf(ConfigResourceKey.topic(topic));
        try {
            return LogConfig.of(overrides, defaults(image, topicDefaults, nodeId));
        } catch (IllegalArgumentException e) {
            // The controller validates; this is a newer controller's config that we do not know.
            LOG.error("Using default configs for topic {}: {}", topic, e.getMessage());
            return LogConfig.of(Map.of(), topicDefaults);
        }
    }

    /**
     * This node is about to stop: no leader is to take it into an in-sync set any more, and what it
     * leads takes no more records for a while. What it is in, it stays in until the controller
     * takes it out.
     *
     * @return completes when the others have all that this node has, or soon
     */
    public CompletableFuture<Void> leave() {
        around.feed().leave();
        long nowMs = around.clockMs().getAsLong();
        return onEach(partition -> partition.handOver().begin(nowMs));
    }

    /** Completes when whoever waits to append knows who leads now, or that nobody else does. */
    public CompletableFuture<Void> handedOver() {
        return onEach(partition -> partition.handOver().over());
    }

    /** Asks each partition on its loop; completes when all of them have done what they promised. */
    private CompletableFuture<Void> onEach(Function<Partition, CompletableFuture<Void>> ask) {
        List<CompletableFuture<Void>> asked = new ArrayList<>();
        for (Partition partition : byKey.values()) {
            asked.add(
                    CompletableFuture.supplyAsync(() -> ask.apply(partition), partition.loop())
                            .thenCompose(promised -> promised));
        }
        return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new));
    }

    /** Whether this node is in an in-sync set together with others. */
    public CompletableFuture<Boolean> anyToLeave() {
        List<CompletableFuture<Boolean>> asked = new ArrayList<>();
        for (Partition partition : byKey.values()) {
            asked.add(CompletableFuture.supplyAsync(partition::hasToLeave, partition.loop()));
        }
        return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
                .thenApply(done -> asked.stream().anyMatch(CompletableFuture::join));
    }

    /** Where those of the logs end whose partitions nobody leads. */
    public static CompletableFuture<List<RestingLog>> restingLogs(List<Partition> partitions) {
        List<CompletableFuture<@Nullable RestingLog>> asked = new ArrayList<>();
        for (Partition partition : partitions) {
            CompletableFuture<@Nullable RestingLog> log = new CompletableFuture<>();
            partition.loop().execute(() -> partition.follower().rest(log::complete));
            asked.add(log);
        }
        return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
                .thenApply(
                        done -> {
                            List<RestingLog> resting = new ArrayList<>();
                            for (CompletableFuture<@Nullable RestingLog> each : asked) {
                                RestingLog log = each.join();
                                if (log != null) {
                                    resting.add(log);
                                }
                            }
                            return resting;
                        });
    }

    /** A node's own defaults, under those set for all nodes while they run, and for this one. */
    private static Map<String, String> defaults(
            MetadataImage image, Map<String, String> topicDefaults, int nodeId) {
        Map<String, String> defaults = new HashMap<>(topicDefaults);
        for (String name : List.of("", Integer.toString(nodeId))) {
            image.configsOf(new ConfigResourceKey(ConfigResourceKey.BROKER, name))
                    .forEach(
                            (config, value) -> {
                                String own = BrokerConfigNames.dynamicTopicConfig(config);
                                if (own != null) {
                                    defaults.put(own, value);
                                }
                            });
        }
        return defaults;
    }

    /**
     * Lets every partition in which something happened, or which waits for something to happen,
     * look at the time and take new figures, each on its loop.
     */
    public void tick(MetadataImage cluster) {
        LoopRound.begin(awake.listed(), Partition::loop, partition -> partition.tick(cluster));
    }

    /** Ends all waiting; partitions serve no more. */
    public CompletableFuture<Void> close() {
        List<CompletableFuture<Void>> closing = new ArrayList<>();
        for (Partition partition : byKey.values()) {
            closing.add(
                    CompletableFuture.runAsync(
                            () -> partition.close(Errors.NOT_LEADER_OR_FOLLOWER),
                            partition.loop()));
        }
        byKey.clear();
        return CompletableFuture.allOf(closing.toArray(CompletableFuture[]::new));
    }
}
