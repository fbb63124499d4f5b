package io.headrace.coordinator.shard;

import io.headrace.coordinator.metadata.ClusterMetadata;
import io.headrace.coordinator.shard.Shard.CloseCause;
import io.headrace.coordinator.shard.Shard.Phase;
import io.headrace.protocol.metadata.CoordinatorImage;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.Loops;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The shards of one kind that the metadata names this incarnation of the coordinator the owner of.
 * Each lives on one loop; ownership follows the metadata. Thread-safe.
 */
public final class OwnedShards implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OwnedShards.class);
    private static final long RESTART_MS = 1_000;

    /** How long a shard that has another owner by the metadata serves on, unless it is fenced. */
    private static final long HAND_OVER_MS = 2_000;

    private final Ownership ownership;
    private final ClusterMetadata metadata;
    private final Loops loops;
    private final BiFunction<Uuid, Integer, ShardLog> logs;
    private final LongSupplier clockMs;
    private final ShardProperties properties;
    private final ErrorReplies errors;
    private final Supplier<? extends ShardCore> cores;
    private final TaskRunner tasks;
    private final Map<Integer, Owned> owned = new ConcurrentHashMap<>();
    private final Set<Owned> handedOver = ConcurrentHashMap.newKeySet();
    private final Runnable unsubscribe;
    private volatile boolean closed;

    /**
     * Whose shards, and of what kind.
     *
     * @param kind {@link ShardOwnerImage#GROUP} or another
     * @param topic the kind's internal topic
     * @param incarnationId this run of the coordinator: epochs given to an earlier one are not ours
     */
    public record Ownership(byte kind, String topic, int coordinatorId, Uuid incarnationId) {}

    /** A shard that is owned; {@code shard} is confined to the loop. */
    private static final class Owned {
        private final int index;
        private final int shardEpoch;
        private final Uuid topicId;
        private final Loop loop;
        private @Nullable Shard shard;
        private @Nullable ShardCore core;
        private volatile boolean released;

        Owned(int index, int shardEpoch, Uuid topicId, Loop loop) {
            this.index = index;
            this.shardEpoch = shardEpoch;
            this.topicId = topicId;
            this.loop = loop;
        }

        boolean isOf(int epoch, Uuid topic) {
            return shardEpoch == epoch && topicId.equals(topic);
        }
    }

    /**
     * Begins to follow the metadata.
     *
     * @param logs the log of a shard, by the id of the topic and the partition
     */
    public OwnedShards(
            Ownership ownership,
            ClusterMetadata metadata,
            Loops loops,
            BiFunction<Uuid, Integer, ShardLog> logs,
            LongSupplier clockMs,
            ShardProperties properties,
            ErrorReplies errors,
            Supplier<? extends ShardCore> cores,
            TaskRunner tasks) {
        this.ownership = ownership;
        this.metadata = metadata;
        this.loops = loops;
        this.logs = logs;
        this.clockMs = clockMs;
        this.properties = properties;
        this.errors = errors;
        this.cores = cores;
        this.tasks = tasks;
        this.unsubscribe = metadata.subscribe(this::onImage);
    }

    /** The shard that a key belongs to, or -1 while the topic does not exist. */
    public int shardOf(String key) {
        TopicImage topic = metadata.image().topic(ownership.topic());
        if (topic == null || topic.partitionCount() == 0) {
            return -1;
        }
        return ShardOwnerImage.shardOf(key, topic.partitionCount());
    }

    /** Whether the kind's topic exists. */
    public boolean hasTopic() {
        return metadata.image().topic(ownership.topic()) != null;
    }

    /** The shards owned now, loading ones included. */
    public Set<Integer> indexes() {
        return Set.copyOf(owned.keySet());
    }

    /** Whether a request for that shard is served here: until its next owner has fenced it, too. */
    public boolean serves(int shard) {
        return owned.containsKey(shard) || former(shard) != null;
    }

    /** The shard as it is served on though another owner is named for it. */
    private @Nullable Owned former(int index) {
        for (Owned target : handedOver) {
            if (target.index == index) {
                return target;
            }
        }
        return null;
    }

    /** Whether no shard is owned, nor served on until its next owner has fenced it. */
    public boolean isEmpty() {
        return owned.isEmpty() && handedOver.isEmpty();
    }

    /** Hands a request to a shard; NOT_COORDINATOR if it is not owned. */
    public void submit(int index, ShardCall call) {
        Owned target = owned.getOrDefault(index, former(index));
        if (target == null) {
            refuse(call);
            return;
        }
        target.loop.execute(
                () -> {
                    if (target.shard == null) {
                        refuse(call);
                    } else {
                        target.shard.submit(call);
                    }
                });
    }

    /** The client of a request is gone. */
    public void abandon(int index, ShardCall call) {
        abandon(former(index), call);
        abandon(owned.get(index), call);
    }

    private static void abandon(@Nullable Owned target, ShardCall call) {
        if (target != null) {
            target.loop.execute(
                    () -> {
                        if (target.shard != null) {
                            target.shard.abandon(call);
                        }
                    });
        }
    }

    private void refuse(ShardCall call) {
        call.refuse(errors, Errors.NOT_COORDINATOR);
    }

    /** Looks at the state of a shard, on its loop. */
    @FunctionalInterface
    public interface Inspection {
        void inspect(int index, Phase phase, ShardCore core);
    }

    /** Has every owned shard looked at, each on its loop, in time. */
    public void inspect(Inspection inspection) {
        for (Owned target : owned.values()) {
            target.loop.execute(
                    () -> {
                        if (target.shard != null && target.core != null) {
                            inspection.inspect(target.index, target.shard.phase(), target.core);
                        }
                    });
        }
    }

    private synchronized void onImage(MetadataImage image) {
        if (closed) {
            return;
        }
        TopicImage topic = image.topic(ownership.topic());
        CoordinatorImage self = image.coordinators().get(ownership.coordinatorId());
        boolean isRegistered =
                self != null && self.incarnationId().equals(ownership.incarnationId());
        Set<Integer> ours = new HashSet<>();
        if (topic != null && isRegistered) {
            for (int index = 0; index < topic.partitionCount(); index++) {
                ShardOwnerImage owner = image.shardOwner(ownership.kind(), index);
                if (owner != null && owner.ownerId() == ownership.coordinatorId()) {
                    ours.add(index);
                    own(index, owner.shardEpoch(), topic.topicId());
                }
            }
        }
        for (Owned target : List.copyOf(owned.values())) {
            if (ours.contains(target.index)) {
                target.loop.execute(
                        () -> {
                            if (target.shard != null) {
                                target.shard.onMetadata(image);
                            }
                        });
            } else if (topic != null && isRegistered && topic.topicId().equals(target.topicId)) {
                handOver(target);
            } else {
                release(target);
            }
        }
    }

    /**
     * The shard has another owner, which may not have heard of it yet: until that one's fence is in
     * the log, whoever has come here is served as before. For a bounded time: the next owner may
     * never come.
     */
    private void handOver(Owned target) {
        handedOver.add(target);
        owned.remove(target.index, target);
        target.loop.execute(
                () -> {
                    Shard shard = target.shard;
                    if (shard == null || shard.phase() != Phase.SERVING) {
                        release(target);
                    } else {
                        shard.awaitFence();
                        target.loop.schedule(() -> release(target), HAND_OVER_MS);
                    }
                });
    }

    private void own(int index, int shardEpoch, Uuid topicId) {
        Owned before = owned.get(index);
        if (before != null && before.isOf(shardEpoch, topicId)) {
            return;
        }
        if (before != null) {
            release(before);
        }
        Owned target = new Owned(index, shardEpoch, topicId, loops.at(index % loops.size()));
        owned.put(index, target);
        target.loop.execute(() -> start(target));
    }

    private void start(Owned target) {
        if (target.released) {
            return;
        }
        ShardCore core = cores.get();
        Shard shard =
                new Shard(
                        ownership.topic() + "-" + target.index,
                        target.shardEpoch,
                        ownership.coordinatorId(),
                        logs.apply(target.topicId, target.index),
                        target.loop,
                        clockMs,
                        properties,
                        metadata.image(),
                        errors,
                        core,
                        new Restart(target));
        target.core = core;
        target.shard = shard;
        shard.start();
    }

    private void release(Owned target) {
        target.released = true;
        owned.remove(target.index, target);
        target.loop.execute(
                () -> {
                    if (target.shard != null) {
                        target.shard.close();
                    }
                    handedOver.remove(target);
                });
    }

    /** Starts a broken shard again; a fenced one waits for the metadata to say whose it is. */
    private final class Restart implements Shard.Listener {
        private final Owned target;

        Restart(Owned target) {
            this.target = target;
        }

        @Override
        public void onServing(Shard shard, long loadMs) {
            LOG.info(
                    "Shard {}-{} serves in epoch {}, taken over in {} ms",
                    ownership.topic(),
                    target.index,
                    target.shardEpoch,
                    loadMs);
        }

        @Override
        public void onTask(Shard shard, ShardTask task) {
            tasks.run(
                    task,
                    target.index,
                    target.shardEpoch,
                    event -> target.loop.execute(() -> shard.deliver(event)));
        }

        @Override
        public void onClosed(Shard shard, CloseCause cause) {
            if (handedOver.contains(target)) {
                release(target);
            } else if (cause == CloseCause.BROKEN) {
                target.loop.schedule(() -> start(target), RESTART_MS);
            }
        }
    }

    /** Gives every shard up. */
    @Override
    public void close() {
        closed = true;
        unsubscribe.run();
        synchronized (this) {
            new ArrayList<>(owned.values()).forEach(this::release);
            new ArrayList<>(handedOver).forEach(this::release);
        }
    }
}
