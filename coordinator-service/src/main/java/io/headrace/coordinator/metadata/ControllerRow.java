package io.headrace.coordinator.metadata;

import org.apache.kafka.common.Uuid;

/**
 * The row of {@code controller}.
 *
 * @param ownerId the controller, or -1 before the first
 * @param touchCount raised by the controller as a sign of life
 */
record ControllerRow(
        String clusterId,
        long controllerEpoch,
        int ownerId,
        Uuid takeOverId,
        long nextOffset,
        long touchCount) {}
