package io.headrace.coordinator.metadata;

import org.apache.kafka.common.Uuid;

/**
 * The row of {@code controller}.
 *
 * @param ownerId the controller, or {@link #NOBODY}
 * @param touchCount raised by the controller as a sign of life
 */
record ControllerRow(
        String clusterId,
        long controllerEpoch,
        int ownerId,
        Uuid takeOverId,
        long nextOffset,
        long touchCount) {
    /** The owner before the first take-over, and after one that was given back. */
    static final int NOBODY = -1;
}
