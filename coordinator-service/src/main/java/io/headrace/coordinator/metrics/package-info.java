/**
 * What the service tells about itself in numbers.
 *
 * <p>Lives here: Kafka's well-known controller and group metrics, by their meaning.
 *
 * <p>May depend on: the rooms it measures, protocol, Micrometer.
 *
 * <p>Invariant: a metric reads what is published or counted; it never takes part in a decision.
 */
@NullMarked
package io.headrace.coordinator.metrics;

import org.jspecify.annotations.NullMarked;
