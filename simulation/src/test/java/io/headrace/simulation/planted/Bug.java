package io.headrace.simulation.planted;

import io.headrace.simulation.network.Tamper;
import io.headrace.storage.log.LogStore;

import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A protocol bug that a run has, or none.
 *
 * @param onWire makes its part on the wire; is given the truth
 * @param onRecovery what a storage node does to its logs when it starts
 * @param stops whether it loses nothing, and ends in a standstill
 * @param needsLostDisk whether it shows only in runs in which a disk is lost: all its runs lose one
 */
public record Bug(
        String name,
        Function<Truth, Tamper> onWire,
        Consumer<LogStore> onRecovery,
        boolean stops,
        boolean needsLostDisk) {
    public static final Bug NONE = onWire("none", truth -> Tamper.NONE);

    public static Bug onWire(String name, Function<Truth, Tamper> onWire) {
        return new Bug(name, onWire, logs -> {}, false, false);
    }

    public static Bug onRecovery(String name, Consumer<LogStore> onRecovery) {
        return new Bug(name, truth -> Tamper.NONE, onRecovery, false, false);
    }

    /** The same bug, of which a standstill is all that is seen. */
    public Bug thatStops() {
        return new Bug(name, onWire, onRecovery, true, needsLostDisk);
    }

    /** The same bug, in runs in which a disk is lost. */
    public Bug onLostDisks() {
        return new Bug(name, onWire, onRecovery, stops, true);
    }

    @Override
    public String toString() {
        return name;
    }
}
