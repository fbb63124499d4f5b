/**
 * Figures for operators: Kafka's well-known ones by their meaning.
 *
 * <p>Lives here: counters that the data path adds to, and their binding to a meter registry.
 *
 * <p>May depend on: Micrometer, {@code partition}.
 *
 * <p>Invariant: counting costs an addition per request or batch, never one per record.
 */
@NullMarked
package io.headrace.storage.metrics;

import org.jspecify.annotations.NullMarked;
