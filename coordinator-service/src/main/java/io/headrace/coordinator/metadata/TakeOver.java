package io.headrace.coordinator.metadata;

import org.apache.kafka.common.Uuid;

/**
 * The right to decide, as committed in the controller row.
 *
 * @param takeOverId random; stored in every row of the metadata log that this controller writes
 */
record TakeOver(int controllerId, long controllerEpoch, Uuid takeOverId) {}
