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
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;

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
    private final Predicate<SimulatedStorageNode> isSpare;
    private final BooleanSupplier isWhole;
    private final BooleanSupplier isLed;
    private boolean losing;
    private boolean quiet;
    private boolean stopped;

    /**
     * @param isSpare whether what a node has in its page cache is also in all others'
     * @param isWhole whether every replica lives, in sync
     * @param isLed whether every partition has a leader
     */
    Faults(
            World world,
            Wire wire,
            Cluster cluster,
            Plan plan,
            Administrator administrator,
            Predicate<SimulatedStorageNode> isSpare,
            BooleanSupplier isWhole,
            BooleanSupplier isLed) {
        this.world = world;
        this.wire = wire;
        this.cluster = cluster;
        this.plan = plan;
        this.administrator = administrator;
        this.isSpare = isSpare;
        this.isWhole = isWhole;
        this.isLed = isLed;
    }

    void start() {
        wire.faults(0, world.between(1, 8), plan.lossChance(), plan.stallChance());
        cluster.database()
                .faults(
                        plan.databaseFailureChance(),
                        plan.databaseWayMaxMs(),
                        plan.databaseStallChance());
        if (plan.losesDisk()) {
            boolean two = world.chance(0.3);
            world.after(
                    world.between(200, 2_000),
                    () -> {
                        if (!two || !leaveOnlyOne(Machine::loseDisk)) {
                            lose(anyMachine());
                        }
                    });
        }
        if (plan.trapsMs() > 0) {
            new Traps(world, wire, plan.trapsMs(), this::isStopped, () -> quiet, this::strike)
                    .set();
        }
        nurse();
        next();
    }

    private void next() {
        world.after(
                world.between(20, plan.faultEveryMaxMs()),
                () -> {
                    if (!stopped && !quiet) {
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
                    leaveOnlyOne(Machine::losePower);
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

    /**
     * A machine that the others no longer hear goes up in smoke; another takes its place. What the
     * first one sent last arrives when the network is mended, after the second one has registered,
     * mostly. Often nothing else happens meanwhile but that a second machine is down, so that
     * nothing new is committed; and often what is sent to the new machine takes long.
     */
    private void lose(Machine machine) {
        losing = true;
        boolean alone = world.chance(0.7);
        quiet = alone;
        others(machine).forEach(other -> wire.hold(machine.name(), other));
        Machine second = anyMachine();
        world.after(
                world.between(50, 600),
                () -> {
                    machine.loseDisk();
                    world.after(world.between(1, 300), machine::start);
                    long mendedMs = world.between(3_400, 6_000);
                    world.after(mendedMs, () -> endLoss(machine));
                    if (alone && second != machine) {
                        second.kill();
                        world.after(mendedMs + world.between(1, 1_500), second::start);
                    }
                });
    }

    private void endLoss(Machine machine) {
        others(machine).forEach(other -> wire.letGo(machine.name(), other));
        if (world.chance(0.6)) {
            others(machine).forEach(other -> wire.slow(other, machine.name(), 1_500));
            world.after(world.between(300, 2_000), wire::heal);
        }
        quiet = false;
        losing = false;
    }

    private static List<String> others(Machine machine) {
        return Cluster.NODES.stream().filter(name -> !name.equals(machine.name())).toList();
    }

    /**
     * Two machines lose what only they had, at once, while all replicas are in sync; and the
     * process of the third, which has everything, starts anew before the controller misses them. It
     * must live on then, and be heard: nothing else happens until leaders are found.
     *
     * @return whether it happened
     */
    private boolean leaveOnlyOne(Consumer<Machine> loss) {
        if (quiet || !isWhole.getAsBoolean()) {
            return false;
        }
        Machine third = anyMachine();
        SimulatedStorageNode node = third.node();
        if (node == null || node.host().isPaused()) {
            return false;
        }
        quiet = true;
        wire.heal();
        for (Machine machine : cluster.machines()) {
            if (machine != third) {
                loss.accept(machine);
                world.after(world.between(1, 6_000), machine::start);
            }
        }
        third.kill();
        world.after(world.between(1, 60), third::start);
        world.after(500, this::endQuiet);
        return true;
    }

    private void endQuiet() {
        if (stopped || isLed.getAsBoolean()) {
            quiet = false;
        } else {
            world.after(200, this::endQuiet);
        }
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
                || (plan.power() == Power.ONE_BY_ONE && node != null && isSpare.test(node));
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

    /** Mends everything and starts what is down, once the loss of a disk has taken its course. */
    void stop() {
        if (losing) {
            world.after(20, this::stop);
            return;
        }
        stopped = true;
        wire.heal();
        wire.faults(0, 2, 0, 0);
        cluster.database().faults(0, 1, 0);
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
