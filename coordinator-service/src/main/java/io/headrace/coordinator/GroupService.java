package io.headrace.coordinator;

import io.headrace.coordinator.config.ClusterProperties;
import io.headrace.coordinator.config.CoordinatorProperties;
import io.headrace.coordinator.config.GroupOptions;
import io.headrace.coordinator.exchange.GroupTasks;
import io.headrace.coordinator.exchange.WarmUp;
import io.headrace.coordinator.group.GroupErrors;
import io.headrace.coordinator.group.GroupShard;
import io.headrace.coordinator.group.space.GroupProperties;
import io.headrace.coordinator.handler.ForwardedHandler;
import io.headrace.coordinator.handler.group.GroupHandlers;
import io.headrace.coordinator.metadata.Controller;
import io.headrace.coordinator.metrics.GroupMetrics;
import io.headrace.coordinator.shard.OwnedShards;
import io.headrace.coordinator.shard.OwnedShards.Ownership;
import io.headrace.coordinator.shard.ShardProperties;
import io.headrace.coordinator.shard.StorageLinks;
import io.headrace.coordinator.shard.StorageShardLogs;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.auth.NodeAuthenticator;
import io.headrace.transport.channel.ChannelFactory;
import io.headrace.transport.channel.Connector;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.LoopGroup;
import io.headrace.transport.loop.Loops;
import io.headrace.transport.loop.SteadyClock;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.internals.Topic;

import java.security.SecureRandom;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/** The groups that this coordinator owns, with all that they need, from start to stop. */
public final class GroupService implements AutoCloseable {
    private static final long METRICS_MS = 5_000;

    private final Connector channels;
    private final StorageLinks links;
    private final WarmUp warmUp;
    private final OwnedShards shards;
    private final List<ForwardedHandler> handlers;
    private final GroupMetrics metrics;
    private final Loop loop;
    private final LongSupplier clockMs;
    private volatile boolean closed;

    GroupService(
            CoordinatorProperties properties,
            ClusterProperties cluster,
            GroupOptions options,
            Uuid incarnationId,
            LoopGroup loops,
            Controller controller) {
        this(
                properties.id(),
                ClusterSecret.of(cluster.secret()),
                options.toProperties(),
                incarnationId,
                new Surroundings(
                        loops, new ChannelFactory(loops), new SteadyClock(), new SecureRandom()),
                controller);
    }

    /**
     * Where the shards of a coordinator live.
     *
     * @param channels opens connections on the loops; closed with the service
     * @param random draws the ids of members
     */
    record Surroundings(
            Loops loops, Connector channels, LongSupplier clockMs, RandomGenerator random) {}

    GroupService(
            int coordinatorId,
            ClusterSecret secret,
            GroupProperties groupProperties,
            Uuid incarnationId,
            Surroundings around,
            Controller controller) {
        channels = around.channels();
        clockMs = around.clockMs();
        links =
                new StorageLinks(
                        channels,
                        new NodeAuthenticator(secret, coordinatorId, "coordinator"),
                        "coordinator-" + coordinatorId);
        warmUp = new WarmUp(controller.metadataLog(), links, around.clockMs());
        metrics = new GroupMetrics();
        shards =
                new OwnedShards(
                        new Ownership(
                                ShardOwnerImage.GROUP,
                                Topic.GROUP_METADATA_TOPIC_NAME,
                                coordinatorId,
                                incarnationId),
                        controller.metadataLog(),
                        around.loops(),
                        new StorageShardLogs(controller.metadataLog(), links)::of,
                        clockMs,
                        ShardProperties.defaults(),
                        GroupErrors::reply,
                        () -> new GroupShard(groupProperties, around.random(), metrics),
                        new GroupTasks(controller.metadataLog(), links, around.loops().at(0)));
        handlers = GroupHandlers.of(shards, controller);
        loop = around.loops().at(0);
        refreshMetrics();
    }

    /** The group shards of this coordinator. */
    OwnedShards shards() {
        return shards;
    }

    /** Connections to nodes and other coordinators. */
    StorageLinks links() {
        return links;
    }

    /** The time of day that all shards of this coordinator go by. */
    LongSupplier clockMs() {
        return clockMs;
    }

    /** What comes before the first shard; for the controller's thread. */
    WarmUp warmUp() {
        return warmUp;
    }

    /** What is counted and seen of the groups. */
    GroupMetrics metrics() {
        return metrics;
    }

    /** The handlers of the group APIs. */
    public List<ForwardedHandler> handlers() {
        return handlers;
    }

    private void refreshMetrics() {
        if (!closed) {
            metrics.refresh(shards);
            loop.schedule(this::refreshMetrics, METRICS_MS);
        }
    }

    @Override
    public void close() {
        closed = true;
        shards.close();
        links.close();
        channels.close();
    }
}
