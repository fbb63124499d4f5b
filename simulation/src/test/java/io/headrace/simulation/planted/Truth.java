package io.headrace.simulation.planted;

import io.headrace.protocol.metadata.MetadataImage;

/** What a planted bug may look at to know when it shows. */
public interface Truth {
    /** The committed metadata. */
    MetadataImage image();

    /** Whether that coordinator takes itself for the active controller. */
    boolean takesItselfForActive(String coordinator);
}
