package io.headrace.simulation;

import io.headrace.simulation.Cluster.Machine;
import io.headrace.simulation.network.Wire;
import io.headrace.simulation.network.World;
import io.headrace.storage.SimulatedStorageNode;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * What is lost at once and for good: a disk, two disks, the page caches of two machines. Each takes
 * several steps, which nothing else may disturb where the promise allows only so much; and none
 * takes the only copy of what was committed.
 */
final class Losses {
    private final World world;
    private final Wire wire;
    private final Cluster cluster;
    private final Plan plan;
    private final Health health;
    private final long networkMaxMs;
    private boolean underWay;
    private boolean quiet;
    private boolean stopped;

    Losses(World world, Wire wire, Cluster cluster, Plan plan, Health health) {
        this.world = world;
        this.wire = wire;
        this.cluster = cluster;
        this.plan = plan;
        this.health = health;
        this.networkMaxMs = world.between(1, 8);
    }

    /** Begins to disturb the network and the database, as always; and loses a disk, if planned. */
    void start() {
        disturb();
        if (plan.losesDisk()) {
            boolean two = world.chance(0.3);
            world.after(
                    world.between(200, 2_000),
                    () -> {
                        if (!two || !loseTwoDisks()) {
                            lose(anyMachine());
                        }
                    });
        }
    }

    /** Nothing is lost any more, no frame either. */
    void stop() {
        stopped = true;
        calm();
    }

    /** Whether nothing else may happen now. */
    boolean isQuiet() {
        return quiet;
    }

    /** Whether something is being lost. */
    boolean areUnderWay() {
        return underWay;
    }

    private void disturb() {
        wire.faults(0, networkMaxMs, plan.lossChance(), plan.stallChance());
        cluster.database()
                .faults(
                        plan.databaseFailureChance(),
                        plan.databaseWayMaxMs(),
                        plan.databaseStallChance());
    }

    private void calm() {
        wire.faults(0, 2, 0, 0);
        cluster.database().faults(0, 1, 0);
    }

    private Machine anyMachine() {
        return cluster.machines().get(world.random().nextInt(cluster.machines().size()));
    }

    /**
     * A machine that the others no longer hear goes up in smoke; another takes its place. What the
     * first one sent last arrives when the network is mended, after the second one has registered,
     * mostly. Often nothing else happens meanwhile but that a second machine is down, so that
     * nothing new is committed; and often what is sent to the new machine takes long.
     */
    private void lose(Machine machine) {
        underWay = true;
        boolean alone = world.chance(0.7);
        quiet = alone;
        others(machine).forEach(other -> wire.hold(machine.name(), other));
        Machine second = anyMachine();
        world.after(
                world.between(50, 600),
                () -> {
                    if (!health.survives(List.of(machine))) {
                        endLoss(machine);
                        loseLater();
                        return;
                    }
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

    /** Another machine, another time: of something this one had the only copy. */
    private void loseLater() {
        world.after(
                world.between(200, 1_000),
                () -> {
                    if (!stopped) {
                        lose(anyMachine());
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
        underWay = false;
    }

    private static List<String> others(Machine machine) {
        return Cluster.NODES.stream().filter(name -> !name.equals(machine.name())).toList();
    }

    /**
     * Two machines go up in smoke while all replicas are in sync; the process of the third, which
     * has everything, starts anew before the controller misses them.
     *
     * @return whether it happened
     */
    private boolean loseTwoDisks() {
        Machine third = anyMachine();
        if (!mayLeaveOnly(third) || !health.survives(allBut(third))) {
            return false;
        }
        leaveOnly(third, Machine::loseDisk);
        allBut(third).forEach(each -> world.after(world.between(1, 6_000), each::start));
        return true;
    }

    /**
     * Two machines lose power while all replicas are in sync; the process of the third, whose page
     * cache has everything, starts anew before the controller misses them.
     *
     * <p>By the metadata the first two are in sync then and the third is not, its process being
     * another one; so when these come back unclean, the third leads only if it is heard of. Where
     * that fails, too, every in-sync replica has lost its power, and a page-cache topic promises
     * nothing. So no frame is lost, nobody is paused, and the two come back when it is heard.
     */
    void losePowerOfTwo() {
        Machine third = anyMachine();
        if (!mayLeaveOnly(third) || !cluster.areDecisionsMade()) {
            return;
        }
        calm();
        leaveOnly(third, Machine::losePower);
        allBut(third).forEach(each -> startAfter(third, each, world.between(1, 6_000)));
    }

    private void startAfter(Machine third, Machine machine, long delayMs) {
        world.after(
                delayMs,
                () -> {
                    if (health.isUnfenced(third)) {
                        machine.start();
                    } else {
                        startAfter(third, machine, 20);
                    }
                });
    }

    private List<Machine> allBut(Machine third) {
        List<Machine> two = new ArrayList<>(cluster.machines());
        two.remove(third);
        return two;
    }

    private boolean mayLeaveOnly(Machine third) {
        SimulatedStorageNode node = third.node();
        return !quiet && !underWay && health.isWhole() && node != null && !node.host().isPaused();
    }

    /** The third must live on then: nothing else happens until leaders are found. */
    private void leaveOnly(Machine third, Consumer<Machine> loss) {
        quiet = true;
        underWay = true;
        wire.heal();
        allBut(third).forEach(loss);
        third.kill();
        world.after(world.between(1, 60), third::start);
        world.after(500, this::endQuiet);
    }

    private void endQuiet() {
        if (health.isLed()) {
            quiet = false;
            underWay = false;
            if (!stopped) {
                disturb();
            }
        } else {
            world.after(200, this::endQuiet);
        }
    }
}
