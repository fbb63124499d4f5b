package io.headrace.coordinator;

import io.headrace.coordinator.cluster.ClusterRules;
import io.headrace.coordinator.cluster.CoordinatorIdentity;
import io.headrace.coordinator.config.ClusterProperties;
import io.headrace.coordinator.config.CoordinatorProperties;
import io.headrace.coordinator.handler.GroupShards;
import io.headrace.coordinator.handler.HandlerTable;
import io.headrace.coordinator.handler.NodeServer;
import io.headrace.coordinator.membership.HazelcastMembership;
import io.headrace.coordinator.membership.Member;
import io.headrace.coordinator.metadata.Controller;
import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.loop.LoopGroup;
import io.headrace.transport.server.FrameServer;
import io.headrace.transport.server.ServerOptions;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/** The port for nodes and the controller behind it, from start to stop. */
public final class CoordinatorServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CoordinatorServer.class);

    /** Requests of one link that are not answered: every member of a group may hold one. */
    private static final int MAX_IN_FLIGHT = 20_000;

    /** How long others may take to take over before this coordinator ends anyhow. */
    static final Duration LEAVE_LIMIT = Duration.ofSeconds(5);

    private final Controller controller;
    private final FrameServer frames;
    private final Uuid incarnationId;
    private final @Nullable HazelcastMembership membership;
    private final BooleanSupplier othersHaveAll;

    /**
     * Opens the port and starts the controller; does not wait for it.
     *
     * @param isWarm whether shards can be served soon after they are given
     * @param othersHaveAll whether no shard is served here (any more)
     */
    CoordinatorServer(
            CoordinatorProperties properties,
            ClusterProperties cluster,
            ClusterRules rules,
            Uuid incarnationId,
            LoopGroup loops,
            Controller controller,
            HandlerTable handlers,
            GroupShards groups,
            BooleanSupplier isWarm,
            BooleanSupplier othersHaveAll) {
        this.othersHaveAll = othersHaveAll;
        this.incarnationId = incarnationId;
        this.controller = controller;
        ClusterSecret secret = ClusterSecret.of(cluster.secret());
        NodeServer nodes =
                new NodeServer(secret, controller, handlers, groups, rules.sessionTimeoutMs());
        this.frames =
                FrameServer.start(options(properties.host(), properties.port()), loops, nodes);
        String host =
                properties.advertisedHost().isEmpty()
                        ? properties.host()
                        : properties.advertisedHost();
        controller.start(
                new CoordinatorIdentity(
                        properties.id(),
                        incarnationId,
                        host,
                        frames.address().getPort(),
                        handlers.versions()),
                isWarm);
        this.membership = join(properties, secret, host);
    }

    private @Nullable HazelcastMembership join(
            CoordinatorProperties properties, ClusterSecret secret, String host) {
        CoordinatorProperties.Membership settings = properties.membership();
        if (settings.members().isEmpty()) {
            return null;
        }
        Member self =
                new Member(
                        Member.COORDINATOR,
                        properties.id(),
                        incarnationId,
                        host + ":" + frames.address().getPort(),
                        settings.rack());
        return new HazelcastMembership(
                secret.clusterName(), self, settings.port(), settings.members(), this::onSight);
    }

    private void onSight(Member member, boolean seen) {
        switch (member.role()) {
            case Member.STORAGE ->
                    controller.onNodeSeen(member.nodeId(), member.incarnationId(), seen);
            case Member.COORDINATOR ->
                    controller.onCoordinatorSeen(member.nodeId(), member.incarnationId(), seen);
            default -> {
                // Nobody decides anything about the others.
            }
        }
    }

    private static ServerOptions options(String host, int port) {
        ServerOptions usual = ServerOptions.at(host, port);
        return new ServerOptions(
                host,
                port,
                usual.maxConnections(),
                usual.maxConnectionsPerAddress(),
                usual.maxFrameBytes(),
                usual.maxSmallFrameBytes(),
                MAX_IN_FLIGHT,
                usual.maxMemoryBytes(),
                Duration.ofMinutes(10),
                usual.stallTimeout());
    }

    /** Where nodes connect, with the real port. */
    public InetSocketAddress address() {
        return frames.address();
    }

    public Uuid incarnationId() {
        return incarnationId;
    }

    /** Completes when the controller has ended; exceptionally when it failed for good. */
    public CompletableFuture<Void> ended() {
        return controller.ended();
    }

    /**
     * Hands over what others can take, then stops taking requests, finishes what is committed and
     * closes the database.
     */
    @Override
    public void close() {
        leave();
        frames.stopAccepting();
        controller.close();
        frames.close();
        if (membership != null) {
            membership.close();
        }
    }

    private void leave() {
        if (controller.ended().isDone()) {
            return;
        }
        try {
            controller.leave(othersHaveAll).get(LEAVE_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("This coordinator ends before others have all that it had");
        }
    }
}
