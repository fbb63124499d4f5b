package io.headrace.simulation;

import io.headrace.simulation.network.World;

import java.util.SplittableRandom;

/**
 * What one seed's run is like.
 *
 * @param mix which faults are frequent
 * @param losesDisk whether one disk is lost, once, with all that is on it
 * @param rots whether bits of one machine's closed segments flip; logs have many segments then
 * @param faultsForMs how long faults happen
 * @param faultEveryMaxMs the longest pause between two
 * @param databaseWayMaxMs how long a request to the database, or its answer, is on its way
 * @param databaseStallChance the chance of either to take long
 * @param restartsInTheEnd whether a node is started anew when all is well again
 * @param trapsMs the longest pause after which a step of a protocol is waited for, to strike right
 *     then; 0: never
 * @param journalBytes the size of each node's journals of small rounds; 0: none
 */
record Plan(
        Mix mix,
        Power power,
        boolean losesDisk,
        boolean rots,
        boolean hasTransactions,
        boolean hasTransactionalOffsets,
        boolean hasGroups,
        boolean hasShareGroup,
        long faultsForMs,
        long faultEveryMaxMs,
        long trapsMs,
        double lossChance,
        double stallChance,
        double databaseFailureChance,
        long databaseWayMaxMs,
        double databaseStallChance,
        boolean restartsInTheEnd,
        long thinkMaxMs,
        int maxInFlight,
        int journalBytes) {
    /** So small that they are full, and settled, again and again. */
    private static final int JOURNAL_BYTES = 64 << 10;

    /** Which faults are frequent. */
    enum Mix {
        ALL,
        /** Storage nodes die again and again, soon after they came back. */
        CRASHES,
        /** Coordinators pause, die and are cut off. */
        COORDINATORS,
        /** Links are cut or slow. */
        NETWORK
    }

    /** When machines lose their power. */
    enum Power {
        /** Never: a page-cache topic keeps its promise. */
        STABLE,
        /** Only while all other replicas live, in sync: so a page-cache topic keeps it, too. */
        ONE_BY_ONE,
        /** Whenever it pleases chance: only fsync topics are promised anything. */
        UNSTABLE
    }

    /** Whether there is a page-cache topic. */
    boolean hasCachedTopic() {
        return power != Power.UNSTABLE;
    }

    /** The same, but that a disk is lost. */
    Plan losingDisk() {
        return new Plan(
                mix,
                Power.STABLE,
                true,
                false,
                hasTransactions,
                hasTransactionalOffsets,
                hasGroups,
                hasShareGroup,
                faultsForMs,
                faultEveryMaxMs,
                trapsMs,
                lossChance,
                stallChance,
                databaseFailureChance,
                databaseWayMaxMs,
                databaseStallChance,
                restartsInTheEnd,
                thinkMaxMs,
                maxInFlight,
                journalBytes);
    }

    static Plan draw(World world) {
        Mix mix = Mix.values()[world.random().nextInt(Mix.values().length)];
        Power power = Power.values()[world.random().nextInt(Power.values().length)];
        boolean losesDisk = power != Power.ONE_BY_ONE && world.chance(0.25);
        return new Plan(
                mix,
                power,
                losesDisk,
                !losesDisk && power != Power.ONE_BY_ONE && world.chance(0.2),
                world.chance(0.4),
                world.chance(0.5),
                world.chance(0.6),
                world.chance(0.3),
                mix == Mix.COORDINATORS
                        ? world.between(3_000, 12_000)
                        : world.between(2_000, 6_000),
                world.between(150, 1_200),
                world.chance(0.6) ? world.between(50, 1_000) : 0,
                world.chance(0.5) ? 0 : 0.004,
                world.chance(0.5) ? 0 : 0.005,
                world.chance(0.7) ? 0 : 0.05,
                world.chance(0.6) ? 2 : world.between(5, 120),
                world.chance(0.7) ? 0 : 0.03,
                world.chance(0.4),
                world.between(20, 120),
                world.chance(0.4) ? 1 : (int) world.between(2, 5),
                Integer.getInteger("journalBytes", drawJournal(world.seed())));
    }

    /** Two runs of three have them. Not from the world's numbers: all else is drawn alike. */
    private static int drawJournal(long seed) {
        return new SplittableRandom(~seed).nextInt(3) == 0 ? 0 : JOURNAL_BYTES;
    }
}
