/**
 * {@code headrace chaos}: real faults under real load, and the proof that nothing was lost.
 *
 * <p>Lives here: the command, the schedule that follows from a seed, the workloads, the comparison
 * of replicas, the report.
 *
 * <p>May depend on: {@code cluster}, {@code fault}, Kafka's own Java clients, the test kit's
 * checkers.
 *
 * <p>Invariant: a run without violations has read back everything that was acknowledged.
 */
@NullMarked
package io.headrace.standalone.chaos;

import org.jspecify.annotations.NullMarked;
