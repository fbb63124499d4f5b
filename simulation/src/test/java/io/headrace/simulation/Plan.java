package io.headrace.simulation;

import io.headrace.simulation.network.World;

/**
 * What one seed's run is like.
 *
 * @param isPowerStable whether machines keep their power, so that a page-cache topic is promised
 *     something
 * @param losesDisk whether one disk is lost, once, with all that is on it
 * @param faultsForMs how long faults happen
 * @param faultEveryMaxMs the longest pause between two
 */
record Plan(
        boolean isPowerStable,
        boolean losesDisk,
        long faultsForMs,
        long faultEveryMaxMs,
        double lossChance,
        double stallChance,
        double databaseFailureChance,
        long thinkMaxMs) {

    static Plan draw(World world) {
        return new Plan(
                world.chance(0.4),
                world.chance(0.25),
                world.between(4_000, 9_000),
                world.between(300, 1_800),
                world.chance(0.5) ? 0 : 0.004,
                world.chance(0.5) ? 0 : 0.005,
                world.chance(0.7) ? 0 : 0.05,
                world.between(20, 120));
    }
}
