/**
 * What {@code headrace bench} runs: speed, measured side by side with Apache Kafka and the floor.
 *
 * <p>Lives here: the command line. Rooms: the contenders, the loads, the scenarios, the reports,
 * the floor program, the small benchmarks of hot pieces (JMH).
 *
 * <p>May depend on: any module; no module depends on this one.
 *
 * <p>Invariant: a run with errors or missing records is no result.
 */
@NullMarked
package io.headrace.benchmarks;

import org.jspecify.annotations.NullMarked;
