/**
 * What the coordinator tells of itself, by the meaning that Kafka's metrics of like names have.
 *
 * <p>Lives here: meters of the controller and of groups.
 *
 * <p>May depend on: the rooms it measures, Micrometer.
 *
 * <p>Invariant: measuring never holds a loop up and never decides anything.
 */
@NullMarked
package io.headrace.coordinator.metrics;

import org.jspecify.annotations.NullMarked;
