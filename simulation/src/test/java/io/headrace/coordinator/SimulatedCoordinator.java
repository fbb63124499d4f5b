package io.headrace.coordinator;

import io.headrace.coordinator.cluster.ClusterRules;
import io.headrace.coordinator.cluster.CoordinatorIdentity;
import io.headrace.coordinator.group.space.GroupProperties;
import io.headrace.coordinator.handler.ForwardedHandler;
import io.headrace.coordinator.handler.HandlerTable;
import io.headrace.coordinator.handler.NodeServer;
import io.headrace.coordinator.handler.admin.AdminHandlers;
import io.headrace.coordinator.metadata.Controller;
import io.headrace.coordinator.metadata.ControllerOptions;
import io.headrace.coordinator.metadata.SimulatedDatabase;
import io.headrace.coordinator.metadata.SteppedController;
import io.headrace.coordinator.share.ShareStateProperties;
import io.headrace.coordinator.transaction.TransactionProperties;
import io.headrace.simulation.network.Host;
import io.headrace.simulation.network.Wire;
import io.headrace.simulation.network.World;
import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.loop.Loops;

import org.apache.kafka.common.Uuid;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** A coordinator as {@link CoordinatorConfiguration} wires it, on simulated ground. */
public final class SimulatedCoordinator {
    private static final long SESSION_TIMEOUT_MS = 3_000;
    private static final ClusterRules RULES =
            new ClusterRules(SESSION_TIMEOUT_MS, 1, 3, 1, 1, 1, 10_000, 200_000);

    private final Host host;
    private final Wire wire;
    private final Controller controller;
    private final GroupService groups;
    private final TransactionService transactions;
    private final ShareStateService shareStates;
    private boolean stopping;

    /** Starts a process on the host. */
    public SimulatedCoordinator(
            int id, Host host, Wire wire, ClusterSecret secret, SimulatedDatabase database) {
        this.host = host;
        this.wire = wire;
        World world = host.world();
        Uuid incarnation = new Uuid(world.random().nextLong(), world.random().nextLong());
        Loops loops = host.loops(2);
        controller =
                new Controller(
                        new ControllerOptions(
                                id,
                                RULES,
                                () -> {
                                    throw new IllegalStateException("Stepped on its store");
                                },
                                () -> new Uuid(1, 1).toString(),
                                world.random().split(),
                                world::elapsedMs,
                                new ControllerOptions.Times(
                                        100, 0, 1_000, 300, 1_500, 500, 100, 2_000),
                                512));
        groups =
                new GroupService(
                        id,
                        secret,
                        GroupProperties.defaults(),
                        incarnation,
                        new GroupService.Surroundings(
                                loops,
                                wire.connectorOf(host, loops),
                                world::nowMs,
                                world.random().split()),
                        controller);
        transactions =
                new TransactionService(
                        id,
                        TransactionProperties.defaults(),
                        incarnation,
                        loops,
                        controller,
                        groups.clockMs(),
                        groups.links(),
                        groups.shards());
        shareStates =
                new ShareStateService(
                        id,
                        ShareStateProperties.defaults(),
                        incarnation,
                        loops,
                        controller,
                        groups.clockMs(),
                        groups.links());
        List<ForwardedHandler> handlers = new ArrayList<>(AdminHandlers.of(controller));
        handlers.addAll(groups.handlers());
        handlers.addAll(transactions.handlers());
        handlers.addAll(shareStates.handlers());
        HandlerTable table = new HandlerTable(handlers);
        host.serve(
                loops,
                new NodeServer(
                        secret, controller, table, groups.shards()::submit, SESSION_TIMEOUT_MS));
        SteppedController.start(
                controller,
                new CoordinatorIdentity(id, incarnation, host.name(), 9094, table.versions()),
                groups.warmUp()::isDone,
                database,
                host);
    }

    /** Whether it was told to stop. */
    public boolean isStopping() {
        return stopping;
    }

    /**
     * Stops in order, as {@link CoordinatorServer#close} and then Spring do. The process is to end
     * then.
     *
     * @return completes when it may; never if it dies before
     */
    public CompletableFuture<Void> stop() {
        stopping = true;
        Executor hook = host.threads(0, 5);
        return SteppedController.leave(
                        controller,
                        this::othersHaveAll,
                        CoordinatorServer.LEAVE_LIMIT,
                        host.loops(1).at(0))
                .thenRunAsync(host::shut, hook)
                .thenCompose(done -> SteppedController.end(controller))
                .thenRunAsync(() -> wire.shut(host), hook)
                .thenRunAsync(shareStates::close, hook)
                .thenRunAsync(transactions::close, hook)
                .thenRunAsync(groups::close, hook);
    }

    private boolean othersHaveAll() {
        return groups.shards().isEmpty()
                && transactions.shards().isEmpty()
                && shareStates.shards().isEmpty();
    }

    /** Whether this process takes itself for the active controller. */
    public boolean isActive() {
        return controller.isActive();
    }
}
