package io.headrace.simulation;

import io.headrace.coordinator.SimulatedCoordinator;
import io.headrace.coordinator.metadata.SimulatedDatabase;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.simulation.network.Host;
import io.headrace.simulation.network.Wire;
import io.headrace.simulation.network.World;
import io.headrace.simulation.planted.Bug;
import io.headrace.storage.SimulatedSettings;
import io.headrace.storage.SimulatedStorageNode;
import io.headrace.testkit.disk.DiskOperation;
import io.headrace.testkit.disk.SimulatedDisk;
import io.headrace.transport.auth.ClusterSecret;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Three storage nodes, two coordinators and their database, each a process that can die. */
final class Cluster {
    static final List<String> NODES = List.of("s1", "s2", "s3");
    static final List<String> COORDINATORS = List.of("c1", "c2");

    private final World world;
    private final Wire wire;
    private final SimulatedDatabase database;
    private final List<Machine> machines = new ArrayList<>();
    private final List<Place> coordinators = new ArrayList<>();
    private final Consumer<SimulatedStorageNode> onEnd;
    private final Bug bug;
    private final int journalBytes;
    private int crashes;
    private int stops;

    /** A storage node's machine: its disk outlives its processes. */
    final class Machine {
        private final int nodeId;
        private SimulatedDisk disk;
        private int boot;
        private long flushMaxMs = 3;
        private boolean failedFlush;
        private boolean rots;
        private @Nullable SimulatedStorageNode node;

        Machine(int nodeId) {
            this.nodeId = nodeId;
            this.disk = SimulatedDisk.withSeed(world.random().nextLong(), world::nowMs);
        }

        @Nullable SimulatedStorageNode node() {
            SimulatedStorageNode current = node;
            return current != null && current.host().isAlive() ? current : null;
        }

        String name() {
            return NODES.get(nodeId - 1);
        }

        boolean is(int id) {
            return id == nodeId;
        }

        SimulatedDisk disk() {
            return disk;
        }

        /** How long a flush of its disk takes to begin, at most, from the next start on. */
        void flushMaxMs(long max) {
            flushMaxMs = max;
        }

        /**
         * Whether bits of its disk flip. Its process lives on then: what a restart reads again and
         * finds damaged, it may cut.
         */
        boolean rots() {
            return rots;
        }

        void beginToRot() {
            rots = true;
        }

        /** Leaves so much space on the disk. */
        void leaveBytes(long free) {
            world.trace("full disk " + name(), free, 0, 0);
            disk.limitBytes(disk.usedBytes() + free);
        }

        void leaveAllBytes() {
            disk.limitBytes(Long.MAX_VALUE);
        }

        /** The next flush fails. */
        void failFlush() {
            world.trace("fail flush " + name(), 0, 0, 0);
            disk.fail(DiskOperation.FORCE, path -> true, 1);
            failedFlush = true;
        }

        /** No flush fails any more, and there is space. */
        void mendDisk() {
            disk.heal();
            leaveAllBytes();
        }

        void start() {
            if (node() != null) {
                return;
            }
            SimulatedDisk own = disk;
            Host host = new Host(world, name(), () -> !own.isPoweredOff());
            wire.attach(host);
            world.trace("start " + name(), boot, 0, 0);
            node =
                    new SimulatedStorageNode(
                            new SimulatedStorageNode.Ground(
                                    host,
                                    wire,
                                    own,
                                    "boot-" + nodeId + "." + boot,
                                    flushMaxMs,
                                    SimulatedSettings.of(nodeId, own.path("/data"), journalBytes),
                                    bug.onRecovery()));
        }

        /**
         * Has the process stop in order, if it serves.
         *
         * @param then runs when it has
         */
        void stop(Runnable then) {
            SimulatedStorageNode stopping = node();
            if (stopping == null
                    || !stopping.isServing()
                    || stopping.isStopping()
                    || stopping.host().isPaused()) {
                return;
            }
            world.trace("stop " + name(), 0, 0, 0);
            stopping.stop()
                    .thenRun(
                            () ->
                                    world.after(
                                            0,
                                            () -> {
                                                if (node() == stopping) {
                                                    stops++;
                                                    then.run();
                                                }
                                            }));
        }

        /**
         * The process dies; what it wrote is in the page cache. After a failed flush the machine is
         * switched off with it.
         */
        void kill() {
            if (failedFlush) {
                losePower();
                return;
            }
            end(true);
            disk = disk.kill();
        }

        /** The machine loses power. */
        void losePower() {
            end(false);
            disk = disk.crash();
            boot++;
            failedFlush = false;
        }

        /** The machine dies for good; another with an empty disk takes its place. */
        void loseDisk() {
            end(false);
            world.trace("new disk " + name(), 0, 0, 0);
            disk = SimulatedDisk.withSeed(world.random().nextLong(), world::nowMs);
            boot++;
            failedFlush = false;
        }

        private void end(boolean machineLives) {
            SimulatedStorageNode ended = node;
            if (ended != null) {
                crashes++;
                onEnd.accept(ended);
                ended.host().die();
                wire.onDeath(ended.host(), machineLives);
                node = null;
            }
            world.trace((machineLives ? "kill " : "power off ") + name(), 0, 0, 0);
        }
    }

    /** Where a coordinator runs. */
    final class Place {
        private final int id;
        private @Nullable Host host;
        private @Nullable SimulatedCoordinator coordinator;

        Place(int id) {
            this.id = id;
        }

        String name() {
            return COORDINATORS.get(id - 1001);
        }

        @Nullable Host host() {
            Host current = host;
            return current != null && current.isAlive() ? current : null;
        }

        boolean isActive() {
            SimulatedCoordinator current = coordinator;
            return current != null && host() != null && current.isActive();
        }

        void start() {
            if (host() != null) {
                return;
            }
            Host started = new Host(world, name(), () -> true);
            host = started;
            wire.attach(started);
            world.trace("start " + name(), 0, 0, 0);
            coordinator =
                    new SimulatedCoordinator(
                            id,
                            started,
                            wire,
                            ClusterSecret.of(SimulatedSettings.SECRET),
                            database);
        }

        /**
         * Has the process stop in order, and end then.
         *
         * @param then runs when it has
         */
        void stop(Runnable then) {
            SimulatedCoordinator stopping = coordinator;
            Host stopped = host();
            if (stopping == null
                    || stopped == null
                    || stopped.isPaused()
                    || stopping.isStopping()) {
                return;
            }
            world.trace("stop " + name(), 0, 0, 0);
            stopping.stop()
                    .whenComplete(
                            (done, failure) -> {
                                if (failure != null) {
                                    world.fail(failure);
                                }
                                world.after(0, () -> onStopped(stopped, then));
                            });
        }

        private void onStopped(Host stopped, Runnable then) {
            if (host() == stopped) {
                stops++;
                end(stopped);
                then.run();
            }
        }

        void kill() {
            Host ended = host();
            if (ended != null) {
                crashes++;
                end(ended);
            }
        }

        private void end(Host ended) {
            ended.die();
            wire.onDeath(ended, true);
            world.trace("kill " + name(), 0, 0, 0);
        }
    }

    /**
     * @param onCommit sees every committed state of the metadata
     * @param onEnd sees every node once more just before it dies
     * @param journalBytes the size of the nodes' journals; 0: none
     */
    Cluster(
            World world,
            Wire wire,
            Consumer<MetadataImage> onCommit,
            Consumer<SimulatedStorageNode> onEnd,
            Bug bug,
            int journalBytes) {
        this.world = world;
        this.wire = wire;
        this.onEnd = onEnd;
        this.bug = bug;
        this.journalBytes = journalBytes;
        this.database = new SimulatedDatabase(world.random().split(), onCommit);
        for (int id = 1; id <= NODES.size(); id++) {
            machines.add(new Machine(id));
        }
        for (int id = 0; id < COORDINATORS.size(); id++) {
            coordinators.add(new Place(1001 + id));
        }
    }

    void start() {
        coordinators.forEach(Place::start);
        machines.forEach(Machine::start);
    }

    List<Machine> machines() {
        return machines;
    }

    List<Place> coordinators() {
        return coordinators;
    }

    /** Whether a coordinator acts that is not paused, and there is the database. */
    boolean areDecisionsMade() {
        return !database.isAway()
                && coordinators.stream()
                        .anyMatch(
                                place -> {
                                    Host host = place.host();
                                    return host != null && !host.isPaused() && place.isActive();
                                });
    }

    SimulatedDatabase database() {
        return database;
    }

    int crashes() {
        return crashes;
    }

    /** How many processes stopped in order. */
    int stops() {
        return stops;
    }
}
