/**
 * What the service tells about itself in numbers, by the meaning of Kafka's metrics of like names.
 *
 * <p>Lives here: meters of the controller and of groups.
 *
 * <p>May depend on: the rooms it measures, protocol, Micrometer.
 *
 * <p>Invariant: measuring never holds a loop up and never takes part in a decision.
 */
@NullMarked
package io.headrace.coordinator.metrics;

import org.jspecify.annotations.NullMarked;
