/**
 * The systems that are measured: this platform, Apache Kafka, the floor.
 *
 * <p>Lives here: how each is started over an empty directory, and what its processes have used.
 *
 * <p>May depend on: nothing of the platform but its launcher; contenders are other processes.
 *
 * <p>Invariant: every contender gets the same heap and the same disk, and is gone after its run.
 */
@NullMarked
package io.headrace.benchmarks.contender;

import org.jspecify.annotations.NullMarked;
