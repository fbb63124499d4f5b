package io.headrace.simulation;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.simulation.Cluster.Machine;
import io.headrace.simulation.Cluster.Place;
import io.headrace.simulation.Plan.Mix;
import io.headrace.simulation.Plan.Power;
import io.headrace.simulation.client.Administrator;
import io.headrace.simulation.network.Host;
import io.headrace.simulation.network.Wire;
import io.headrace.simulation.network.World;
import io.headrace.storage.SimulatedStorageNode;

import org.apache.kafka.common.protocol.ApiKeys;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** What goes wrong in a run, as its seed decides, until it is told to stop; then all is mended. */
final class Faults {
    /** What may happen, with how often it does in each mix. */
    private enum Kind {
        CRASH(22, 45, 8, 10),
        CRASH_TWO(10, 14, 2, 4),
        PAUSE_NODE(15, 12, 6, 8),
        CUT(18, 8, 14, 40),
        SLOW(8, 10, 10, 24),
        KILL_COORDINATOR(6, 2, 20, 3),
        PAUSE_COORDINATOR(9, 3, 34, 5),
        CONFIGURE(12, 6, 6, 6),
        FULL_DISK(4, 4, 2, 2),
        FAILED_FLUSH(4, 4, 2, 2);

        private final int amongAll;
        private final int amongCrashes;
        private final int amongCoordinators;
        private final int onNetwork;

        Kind(int amongAll, int amongCrashes, int amongCoordinators, int onNetwork) {
            this.amongAll = amongAll;
            this.amongCrashes = amongCrashes;
            this.amongCoordinators = amongCoordinators;
            this.onNetwork = onNetwork;
        }

        int weight(Mix mix) {
            return switch (mix) {
                case ALL -> amongAll;
                case CRASHES -> amongCrashes;
                case COORDINATORS -> amongCoordinators;
                case NETWORK -> onNetwork;
            };
        }
    }

    /** A request right after which to strike, and how many of them come in about a second. */
    private record Step(short apiKey, int aSecond) {}

    private static final List<Step> STEPS =
            List.of(
                    new Step(ApiKeys.ALTER_PARTITION.id, 1),
                    new Step(ApiKeys.ALTER_PARTITION.id, 1),
                    new Step(ApiCatalog.SHARD_APPEND, 10),
                    new Step(ApiCatalog.SHARD_APPEND, 10),
                    new Step(ApiCatalog.REGISTER_NODE, 1),
                    new Step(ApiCatalog.SHARD_READ_CHECK, 5),
                    new Step(ApiKeys.FETCH.id, 300),
                    new Step(ApiKeys.PRODUCE.id, 20),
                    new Step(ApiKeys.WRITE_TXN_MARKERS.id, 3));

    private static final long NURSE_MS = 700;

    private final World world;
    private final Wire wire;
    private final Cluster cluster;
    private final Plan plan;
    private final Administrator administrator;
    private final Predicate<SimulatedStorageNode> isSpare;
    private int traps;
    private boolean stopped;

    /**
     * @param isSpare whether what a node has in its page cache is also in all others'
     */
    Faults(
            World world,
            Wire wire,
            Cluster cluster,
            Plan plan,
            Administrator administrator,
            Predicate<SimulatedStorageNode> isSpare) {
        this.world = world;
        this.wire = wire;
        this.cluster = cluster;
        this.plan = plan;
        this.administrator = administrator;
        this.isSpare = isSpare;
    }

    void start() {
        wire.faults(0, world.between(1, 8), plan.lossChance(), plan.stallChance());
        cluster.database().failing(plan.databaseFailureChance());
        if (plan.losesDisk()) {
            world.after(world.between(200, 2_000), () -> lose(anyMachine()));
        }
        if (plan.trapsMs() > 0) {
            trap();
        }
        nurse();
        next();
    }

    private void next() {
        world.after(
                world.between(20, plan.faultEveryMaxMs()),
                () -> {
                    if (!stopped) {
                        one();
                        next();
                    }
                });
    }

    private void one() {
        switch (any()) {
            case CRASH -> crash(anyMachine());
            case CRASH_TWO -> {
                crash(anyMachine());
                crash(anyMachine());
            }
            case PAUSE_NODE -> pause(anyMachine());
            case CUT -> cut();
            case SLOW -> slow();
            case KILL_COORDINATOR -> kill(anyPlace());
            case PAUSE_COORDINATOR -> pause(anyPlace());
            case CONFIGURE -> {
                if (!plan.losesDisk()) {
                    administrator.alter(
                            "durable",
                            "min.insync.replicas",
                            world.random().nextBoolean() ? "1" : "2");
                }
            }
            case FULL_DISK -> fill(anyMachine());
            case FAILED_FLUSH -> {
                // What the page cache still shows is on no platter: its machine is to be switched
                // off before the disk is used again.
                if (plan.power() == Power.UNSTABLE) {
                    anyMachine().failFlush();
                }
            }
        }
    }

    /** Little space is left, for a while. */
    private void fill(Machine machine) {
        machine.leaveBytes(world.between(0, 20_000));
        world.after(world.between(300, 4_000), machine::leaveAllBytes);
    }

    /** Starts again what can no longer serve, as whoever runs a cluster does, also in the end. */
    private void nurse() {
        for (Machine machine : cluster.machines()) {
            SimulatedStorageNode node = machine.node();
            if (node != null && node.failure() != null && !node.host().isPaused()) {
                machine.kill();
                world.after(world.between(1, 300), machine::start);
            }
        }
        world.after(NURSE_MS, this::nurse);
    }

    private Kind any() {
        int all = 0;
        for (Kind kind : Kind.values()) {
            all += kind.weight(plan.mix());
        }
        int drawn = world.random().nextInt(all);
        for (Kind kind : Kind.values()) {
            drawn -= kind.weight(plan.mix());
            if (drawn < 0) {
                return kind;
            }
        }
        throw new IllegalStateException("The weights do not add up");
    }

    // Striking at a step.

    private void trap() {
        int number = ++traps;
        Step step = STEPS.get(world.random().nextInt(STEPS.size()));
        wire.trap(
                step.apiKey(),
                (int) world.between(1, step.aSecond()),
                (from, to) -> {
                    if (!stopped) {
                        spring(from, to);
                        world.after(world.between(20, plan.trapsMs()), this::trap);
                    }
                });
        // What never comes is not waited for.
        world.after(
                world.between(500, 3_000),
                () -> {
                    if (!stopped && number == traps && wire.isTrapSet()) {
                        trap();
                    }
                });
    }

    /** Right after one sent something to another: it arrives late or not, and somebody suffers. */
    private void spring(String from, String to) {
        world.trace("trap " + from + ">" + to, 0, 0, 0);
        if (world.chance(0.7)) {
            if (world.random().nextBoolean()) {
                wire.cut(from, to);
            } else {
                wire.slow(from, to, world.between(100, 2_000));
            }
            world.after(world.between(100, 4_500), wire::heal);
        }
        switch (world.random().nextInt(3)) {
            case 0 -> strike(from);
            case 1 -> strike(to);
            default -> {
                List<String> others = new ArrayList<>(Cluster.NODES);
                others.remove(from);
                others.remove(to);
                strike(others.get(world.random().nextInt(others.size())));
            }
        }
    }

    private void strike(String name) {
        for (Machine machine : cluster.machines()) {
            if (machine.name().equals(name)) {
                if (world.chance(0.7)) {
                    crash(machine);
                } else {
                    pause(machine);
                }
            }
        }
        for (Place place : cluster.coordinators()) {
            if (place.name().equals(name)) {
                if (world.random().nextBoolean()) {
                    kill(place);
                } else {
                    pause(place);
                }
            }
        }
    }

    // What happens to whom.

    private Machine anyMachine() {
        return cluster.machines().get(world.random().nextInt(cluster.machines().size()));
    }

    private Place anyPlace() {
        return cluster.coordinators().get(world.random().nextInt(cluster.coordinators().size()));
    }

    /**
     * A machine that the others no longer hear goes up in smoke; another takes its place. What the
     * first one sent last arrives when the network is mended.
     */
    private void lose(Machine machine) {
        for (String other : Cluster.NODES) {
            if (!other.equals(machine.name())) {
                wire.cut(machine.name(), other);
            }
        }
        world.after(
                world.between(50, 600),
                () -> {
                    machine.loseDisk();
                    world.after(world.between(1, 300), machine::start);
                    world.after(world.between(3_300, 6_000), wire::heal);
                });
    }

    private void crash(Machine machine) {
        if (mayLosePower(machine) && world.random().nextBoolean()) {
            machine.losePower();
        } else {
            machine.kill();
        }
        machine.flushMaxMs(world.chance(0.2) ? 150 : 3);
        boolean soon = world.chance(plan.mix() == Mix.CRASHES ? 0.7 : 0.3);
        world.after(soon ? world.between(1, 60) : world.between(1, 6_000), machine::start);
    }

    private boolean mayLosePower(Machine machine) {
        SimulatedStorageNode node = machine.node();
        return plan.power() == Power.UNSTABLE
                || (plan.power() == Power.ONE_BY_ONE && node != null && isSpare.test(node));
    }

    private void kill(Place place) {
        place.kill();
        world.after(world.between(50, 4_000), place::start);
    }

    private void pause(Machine machine) {
        SimulatedStorageNode node = machine.node();
        if (node != null) {
            pause(node.host());
        }
    }

    private void pause(Place place) {
        Host host = place.host();
        if (host != null) {
            pause(host);
        }
    }

    private void pause(Host host) {
        world.trace("pause " + host.name(), 0, 0, 0);
        host.pause();
        world.after(
                world.chance(0.5) ? world.between(1_500, 3_500) : world.between(50, 5_000),
                () -> goOn(host));
    }

    private void goOn(Host host) {
        if (host.isPaused()) {
            world.trace("go on " + host.name(), 0, 0, 0);
            host.goOn();
        }
    }

    private void cut() {
        List<String> all = everybody();
        String one = all.get(world.random().nextInt(all.size()));
        boolean bothWays = world.random().nextBoolean();
        boolean isolates = world.chance(0.3);
        for (String other : all) {
            if (!other.equals(one) && (isolates || world.random().nextInt(3) == 0)) {
                wire.cut(one, other);
                if (bothWays) {
                    wire.cut(other, one);
                }
            }
        }
        world.after(world.between(100, 6_000), wire::heal);
    }

    /** What one sends to some others takes long. */
    private void slow() {
        List<String> all = everybody();
        String one = all.get(world.random().nextInt(all.size()));
        long maxMs = world.between(50, 2_000);
        for (String other : all) {
            if (!other.equals(one) && world.random().nextBoolean()) {
                wire.slow(one, other, maxMs);
            }
        }
        world.after(world.between(500, 6_000), wire::heal);
    }

    private static List<String> everybody() {
        List<String> all = new ArrayList<>(Cluster.NODES);
        all.addAll(Cluster.COORDINATORS);
        return all;
    }

    /** Mends everything and starts what is down. */
    void stop() {
        stopped = true;
        wire.heal();
        wire.faults(0, 2, 0, 0);
        cluster.database().failing(0);
        for (Machine machine : cluster.machines()) {
            SimulatedStorageNode node = machine.node();
            if (node != null) {
                goOn(node.host());
            }
            machine.mendDisk();
            machine.flushMaxMs(3);
            machine.start();
        }
        for (Place place : cluster.coordinators()) {
            Host host = place.host();
            if (host != null) {
                goOn(host);
            }
            place.start();
        }
    }
}
