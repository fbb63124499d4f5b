/**
 * The floor program: the least work with which a produce request can be answered.
 *
 * <p>Lives here: its main class, its handler, its files.
 *
 * <p>May depend on: Netty and Kafka's codec, directly; on nothing of the platform.
 *
 * <p>Invariant: it does what its class says and nothing else, so that it stays a measure.
 */
@NullMarked
package io.headrace.benchmarks.floor;

import org.jspecify.annotations.NullMarked;
