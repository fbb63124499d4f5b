package io.headrace.simulation;

import io.headrace.simulation.Cluster.Machine;
import io.headrace.simulation.network.World;
import io.headrace.storage.SimulatedStorageNode;
import io.headrace.storage.log.LogStore;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.repair.ClosedSegment;
import io.headrace.storage.repair.LogRepairer;
import io.headrace.storage.repair.RepairOutcome;
import io.headrace.storage.repair.RepairableLog;
import io.headrace.storage.segment.SegmentFiles;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The bits of one machine's disk rot, in closed segments that are committed and flushed. What is
 * damaged is found by whoever reads it, or by a scrub now and then.
 */
final class Rot {
    /** A segment that is to be looked at, by an offset in it. */
    private record Place(SimulatedStorageNode node, PartitionLog log, long offset) {}

    /** Of page-cache logs a restart reads again what no checkpoint covers, and cuts it there. */
    private static final Set<String> DURABLE = Set.of("durable", "transfers");

    private final World world;
    private final Machine machine;
    private final Deque<Place> toScrub = new ArrayDeque<>();
    private boolean stopped;
    private final Set<LogRepairer> repairers = new LinkedHashSet<>();
    private int rounds;
    private int flips;

    Rot(World world, Cluster cluster) {
        this.world = world;
        List<Machine> all = cluster.machines();
        this.machine = all.get(world.random().nextInt(all.size()));
    }

    /** How many bits were flipped. */
    int flips() {
        return flips;
    }

    /** How many segments were put right from a peer. */
    long repairs() {
        return repairers.stream().mapToLong(each -> each.counters().repairedSegments()).sum();
    }

    void start() {
        machine.beginToRot();
        goOn();
    }

    private void goOn() {
        if (!stopped) {
            flipOne();
            world.after(world.between(50, 500), this::goOn);
        }
    }

    void stop() {
        stopped = true;
    }

    private void flipOne() {
        SimulatedStorageNode node = machine.node();
        LogStore logs = node == null ? null : node.logs();
        if (node == null || logs == null || !node.isServing() || node.host().isPaused()) {
            return;
        }
        List<Place> places = closedSegments(node, logs);
        if (places.isEmpty()) {
            return;
        }
        Place drawn = places.get(world.random().nextInt(places.size()));
        RepairableLog log = logs.repairable(drawn.log().id());
        if (log != null) {
            log.closedSegment(drawn.offset())
                    .thenAccept(
                            found ->
                                    world.after(
                                            0, () -> found.ifPresent(each -> flip(drawn, each))));
        }
    }

    private static List<Place> closedSegments(SimulatedStorageNode node, LogStore logs) {
        List<PartitionLog> all = new ArrayList<>(logs.logs());
        all.sort(Comparator.comparing(log -> log.id().toString()));
        List<Place> places = new ArrayList<>();
        for (PartitionLog log : all) {
            RepairableLog repairable = logs.repairable(log.id());
            if (repairable != null && DURABLE.contains(log.id().topic())) {
                for (long base : repairable.closedBaseOffsets()) {
                    places.add(new Place(node, log, Math.max(base, log.logStartOffset())));
                }
            }
        }
        return places;
    }

    private void flip(Place place, ClosedSegment segment) {
        boolean settled = segment.settledOffset() >= segment.summary().nextOffset();
        LogRepairer repairer = place.node().repairer();
        if (stopped || machine.node() != place.node() || !settled || repairer == null) {
            return;
        }
        repairers.add(repairer);
        Path file =
                SegmentFiles.path(
                        segment.directory(), segment.summary().baseOffset(), SegmentFiles.LOG);
        try {
            long size = Files.size(file);
            if (size == 0) {
                return;
            }
            long at = world.random().nextLong(size);
            machine.disk().flipBit(file, at, world.random().nextInt(8));
            flips++;
            world.trace("flip " + machine.name() + " " + file, at, 0, 0);
        } catch (NoSuchFileException gone) {
            return;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (world.chance(0.5)) {
            world.after(world.between(0, 1_000), () -> scrub(place, outcome -> {}));
        }
    }

    /** Hears what became of a segment. */
    private interface Heard {
        void accept(@Nullable RepairOutcome outcome);
    }

    private void scrub(Place place, Heard heard) {
        LogRepairer repairer = place.node().repairer();
        if (repairer == null || !place.node().host().isAlive()) {
            heard.accept(null);
            return;
        }
        repairer.repair(place.log().id(), place.offset())
                .whenComplete((outcome, failure) -> world.after(0, () -> heard.accept(outcome)));
    }

    /**
     * Has every closed segment of the machine looked at, one after the other, twice: the first time
     * a repair may still run that somebody else asked for. Asked until it is true.
     */
    boolean isScrubbed() {
        SimulatedStorageNode node = machine.node();
        LogStore logs = node == null ? null : node.logs();
        if (node == null || logs == null) {
            return false;
        }
        if (toScrub.isEmpty() && rounds < 2) {
            rounds++;
            toScrub.addAll(closedSegments(node, logs));
            scrubNext();
        }
        return toScrub.isEmpty() && rounds == 2;
    }

    private void scrubNext() {
        Place next = toScrub.peek();
        if (next != null) {
            scrub(
                    next,
                    outcome -> {
                        if (outcome == RepairOutcome.WHOLE) {
                            toScrub.remove();
                            scrubNext();
                        } else {
                            world.after(1_100, this::scrubNext);
                        }
                    });
        }
    }
}
