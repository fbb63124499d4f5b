package io.headrace.simulation;

import io.headrace.simulation.Cluster.Machine;
import io.headrace.simulation.Cluster.Place;
import io.headrace.simulation.client.Administrator;
import io.headrace.simulation.network.Host;
import io.headrace.simulation.network.Wire;
import io.headrace.simulation.network.World;
import io.headrace.storage.SimulatedStorageNode;

import java.util.ArrayList;
import java.util.List;

/** What goes wrong in a run, as its seed decides, until it is told to stop; then all is mended. */
final class Faults {
    private final World world;
    private final Wire wire;
    private final Cluster cluster;
    private final Plan plan;
    private final Administrator administrator;
    private boolean stopped;
    private boolean lostDisk;

    Faults(World world, Wire wire, Cluster cluster, Plan plan, Administrator administrator) {
        this.world = world;
        this.wire = wire;
        this.cluster = cluster;
        this.plan = plan;
        this.administrator = administrator;
    }

    void start() {
        wire.faults(0, world.between(1, 8), plan.lossChance(), plan.stallChance());
        cluster.database().failing(plan.databaseFailureChance());
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
        int kind = world.random().nextInt(100);
        if (kind < 30) {
            crash(anyMachine());
        } else if (kind < 40) {
            crash(anyMachine());
            crash(anyMachine());
        } else if (kind < 55) {
            pause(anyMachine());
        } else if (kind < 75) {
            cut();
        } else if (kind < 82) {
            Place place = anyPlace();
            place.kill();
            world.after(world.between(50, 4_000), place::start);
        } else if (kind < 88) {
            pause(anyPlace());
        } else if (plan.losesDisk()) {
            if (!lostDisk) {
                lostDisk = true;
                Machine machine = anyMachine();
                machine.loseDisk();
                world.after(world.between(1, 3_000), machine::start);
            }
        } else {
            administrator.alter(
                    "durable", "min.insync.replicas", world.random().nextBoolean() ? "1" : "2");
        }
    }

    private Machine anyMachine() {
        return cluster.machines().get(world.random().nextInt(cluster.machines().size()));
    }

    private Place anyPlace() {
        return cluster.coordinators().get(world.random().nextInt(cluster.coordinators().size()));
    }

    private void crash(Machine machine) {
        if (plan.isPowerStable() || world.random().nextBoolean()) {
            machine.kill();
        } else {
            machine.losePower();
        }
        machine.flushMaxMs(world.chance(0.2) ? 150 : 3);
        world.after(world.chance(0.3) ? 1 : world.between(1, 6_000), machine::start);
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
        world.after(world.between(100, 5_000), () -> goOn(host));
    }

    private void goOn(Host host) {
        if (host.isPaused()) {
            world.trace("go on " + host.name(), 0, 0, 0);
            host.goOn();
        }
    }

    private void cut() {
        List<String> all = new ArrayList<>(Cluster.NODES);
        all.addAll(Cluster.COORDINATORS);
        String one = all.get(world.random().nextInt(Cluster.NODES.size()));
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
