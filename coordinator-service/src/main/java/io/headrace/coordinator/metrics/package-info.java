/**
 * What the service tells about itself in numbers.
 *
 * <p>Lives here: Kafka's well-known controller metrics, by their meaning.
 *
 * <p>May depend on: {@code metadata}, protocol, Micrometer.
 *
 * <p>Invariant: a metric reads the published image; it never takes part in a decision.
 */
@NullMarked
package io.headrace.coordinator.metrics;

import org.jspecify.annotations.NullMarked;
