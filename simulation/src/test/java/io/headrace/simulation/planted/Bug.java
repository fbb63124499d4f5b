package io.headrace.simulation.planted;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.simulation.network.Tamper;
import io.headrace.storage.log.LogStore;

import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A protocol bug that a run has, or none.
 *
 * @param onWire makes its part on the wire; is given the committed metadata
 * @param onRecovery what a storage node does to its logs when it starts
 */
public record Bug(
        String name,
        Function<Supplier<MetadataImage>, Tamper> onWire,
        Consumer<LogStore> onRecovery) {
    public static final Bug NONE = onWire("none", truth -> Tamper.NONE);

    public static Bug onWire(String name, Function<Supplier<MetadataImage>, Tamper> onWire) {
        return new Bug(name, onWire, logs -> {});
    }

    public static Bug onRecovery(String name, Consumer<LogStore> onRecovery) {
        return new Bug(name, truth -> Tamper.NONE, onRecovery);
    }

    @Override
    public String toString() {
        return name;
    }
}
