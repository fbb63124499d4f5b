package io.headrace.simulation;

import io.headrace.simulation.Cluster.Machine;
import io.headrace.simulation.Cluster.Place;
import io.headrace.simulation.Plan.Mix;
import io.headrace.simulation.Plan.Power;
import io.headrace.simulation.client.Administrator;
import io.headrace.simulation.network.Host;
import io.headrace.simulation.network.Wire;
import io.headrace.simulation.network.World;
import io.headrace.storage.SimulatedStorageNode;

import java.util.ArrayList;
import java.util.List;

/** What goes wrong in a run, as its seed decides, until it is told to stop; then all is mended. */
final class Faults {
    /** What may happen, with how often it does in each mix. */
    private enum Kind {
        CRASH(22, 45, 8, 10),
        CRASH_TWO(10, 14, 2, 4),
        STOP(8, 6, 2, 3),
        POWER_OF_TWO(4, 5, 1, 2),
        PAUSE_NODE(15, 12, 6, 8),
        CUT(18, 8, 14, 40),
        SLOW(8, 10, 10, 24),
        KILL_COORDINATOR(6, 2, 20, 3),
        STOP_COORDINATOR(5, 2, 14, 3),
        PAUSE_COORDINATOR(9, 3, 20, 5),
        DEPOSE(4, 1, 24, 2),
        DATABASE_AWAY(2, 1, 6, 1),
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

    private static final long NURSE_MS = 700;

    private final World world;
    private final Wire wire;
    private final Cluster cluster;
    private final Plan plan;
    private final Administrator administrator;
    private final Health health;
    private final Losses losses;
    private boolean stopped;

    Faults(
            World world,
            Wire wire,
            Cluster cluster,
            Plan plan,
            Administrator administrator,
            Health health) {
        this.world = world;
        this.wire = wire;
        this.cluster = cluster;
        this.plan = plan;
        this.administrator = administrator;
        this.health = health;
        this.losses = new Losses(world, wire, cluster, plan, health);
    }

    void start() {
        losses.start();
        if (plan.trapsMs() > 0) {
            new Traps(world, wire, plan.trapsMs(), this::isStopped, losses::isQuiet, this::strike)
                    .set();
        }
        nurse();
        next();
    }

    private void next() {
        world.after(
                world.between(20, plan.faultEveryMaxMs()),
                () -> {
                    if (!stopped && !losses.isQuiet()) {
                        one();
                    }
                    if (!stopped) {
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
            case STOP -> stop(anyMachine());
            case POWER_OF_TWO -> {
                if (plan.power() == Power.ONE_BY_ONE) {
                    losses.losePowerOfTwo();
                }
            }
            case PAUSE_NODE -> pause(anyMachine());
            case CUT -> cut();
            case SLOW -> slow();
            case KILL_COORDINATOR -> kill(anyPlace());
            case STOP_COORDINATOR -> stop(anyPlace());
            case PAUSE_COORDINATOR -> pause(anyPlace());
            case DEPOSE -> depose();
            case DATABASE_AWAY -> leaveDatabase();
            case CONFIGURE -> {
                if (!plan.losesDisk() && !plan.rots()) { // one copy is none
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
                Machine machine = anyMachine();
                if (plan.power() == Power.UNSTABLE && !machine.rots()) {
                    machine.failFlush();
                }
            }
        }
    }

    /** Little space is left, for a while. */
    private void fill(Machine machine) {
        if (machine.rots()) {
            return;
        }
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

    /** Somebody dies or pauses. */
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
                switch (world.random().nextInt(3)) {
                    case 0 -> kill(place);
                    case 1 -> stop(place);
                    default -> pause(place);
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

    /** What stopped in order has all on its disk, also what lived in the page cache. */
    private void stop(Machine machine) {
        machine.stop(
                () -> {
                    if (world.chance(0.3)) {
                        machine.losePower();
                    } else {
                        machine.kill();
                    }
                    world.after(world.between(1, 3_000), machine::start);
                });
    }

    private boolean mayLosePower(Machine machine) {
        SimulatedStorageNode node = machine.node();
        return plan.power() == Power.UNSTABLE
                || (plan.power() == Power.ONE_BY_ONE && node != null && health.isSpare(node));
    }

    private void kill(Place place) {
        place.kill();
        world.after(world.between(50, 4_000), place::start);
    }

    /** It stops in order; sometimes something else happens to it before it has. */
    private void stop(Place place) {
        place.stop(() -> world.after(world.between(1, 3_000), place::start));
        Host host = place.host();
        if (host != null && world.chance(0.3)) {
            boolean dies = world.random().nextBoolean();
            world.after(
                    world.between(1, 60),
                    () -> {
                        if (place.host() != host) {
                            return;
                        }
                        if (dies) {
                            kill(place);
                        } else {
                            pause(host);
                        }
                    });
        }
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

    /** Whoever has the controller's role pauses until another has it, and somewhat longer. */
    private void depose() {
        for (Place place : cluster.coordinators()) {
            Host host = place.host();
            if (host != null && place.isActive()) {
                world.trace("depose " + host.name(), 0, 0, 0);
                host.pause();
                world.after(world.between(1_600, 4_500), () -> goOn(host));
            }
        }
    }

    private void leaveDatabase() {
        world.trace("database away", 0, 0, 0);
        cluster.database().away(true);
        world.after(world.between(200, 5_000), () -> cluster.database().away(false));
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

    boolean isStopped() {
        return stopped;
    }

    /** Mends everything and starts what is down, once a loss has taken its course. */
    void stop() {
        if (losses.areUnderWay()) {
            world.after(20, this::stop);
            return;
        }
        stopped = true;
        losses.stop();
        wire.heal();
        cluster.database().away(false);
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
