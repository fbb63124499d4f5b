package io.headrace.testkit.disk;

import java.io.IOException;

/** The answer of a {@link SimulatedDisk} to every operation from its power loss on. */
public final class PowerLossException extends IOException {
    private static final long serialVersionUID = 1L;

    PowerLossException() {
        super("Input/output error (the simulated disk has lost power; go on with crash())");
    }
}
