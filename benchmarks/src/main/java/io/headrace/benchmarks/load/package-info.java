/**
 * The loads that scenarios put on a server, each in a process of its own.
 *
 * <p>Lives here: the C program on librdkafka, Kafka's performance tools, wrk, the WebSocket
 * subscribers.
 *
 * <p>May depend on: the contenders; of the platform only its client, to create topics.
 *
 * <p>Invariant: a load that saw an error or a missing record throws; it never answers figures.
 */
@NullMarked
package io.headrace.benchmarks.load;

import org.jspecify.annotations.NullMarked;
