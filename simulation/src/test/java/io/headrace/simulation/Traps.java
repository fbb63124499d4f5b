package io.headrace.simulation;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.simulation.network.Wire;
import io.headrace.simulation.network.World;

import org.apache.kafka.common.protocol.ApiKeys;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Waits for a step of a protocol, and strikes right then: one trap after the other. */
final class Traps {
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
                    new Step(ApiKeys.WRITE_TXN_MARKERS.id, 3),
                    new Step(ApiKeys.ENVELOPE.id, 10),
                    new Step(ApiKeys.ADD_PARTITIONS_TO_TXN.id, 3),
                    new Step(ApiKeys.SHARE_ACKNOWLEDGE.id, 5));

    private final World world;
    private final Wire wire;
    private final long pauseMaxMs;
    private final BooleanSupplier isOver;
    private final BooleanSupplier isQuiet;
    private final Consumer<String> strike;
    private int traps;

    /**
     * @param pauseMaxMs the longest pause between two
     * @param isOver whether none is set any more
     * @param isQuiet whether nothing may happen now
     * @param strike lets somebody suffer
     */
    Traps(
            World world,
            Wire wire,
            long pauseMaxMs,
            BooleanSupplier isOver,
            BooleanSupplier isQuiet,
            Consumer<String> strike) {
        this.world = world;
        this.wire = wire;
        this.pauseMaxMs = pauseMaxMs;
        this.isOver = isOver;
        this.isQuiet = isQuiet;
        this.strike = strike;
    }

    /** Sets the next one. */
    void set() {
        int number = ++traps;
        Step step = STEPS.get(world.random().nextInt(STEPS.size()));
        wire.trap(
                step.apiKey(),
                (int) world.between(1, step.aSecond()),
                (from, to) -> {
                    if (!isOver.getAsBoolean()) {
                        if (!isQuiet.getAsBoolean()) {
                            spring(from, to);
                        }
                        world.after(world.between(20, pauseMaxMs), this::set);
                    }
                });
        // What never comes is not waited for.
        world.after(
                world.between(500, 3_000),
                () -> {
                    if (!isOver.getAsBoolean() && number == traps && wire.isTrapSet()) {
                        set();
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
            case 0 -> strike.accept(from);
            case 1 -> strike.accept(to);
            default -> {
                List<String> others = new ArrayList<>(Cluster.NODES);
                others.remove(from);
                others.remove(to);
                strike.accept(others.get(world.random().nextInt(others.size())));
            }
        }
    }
}
