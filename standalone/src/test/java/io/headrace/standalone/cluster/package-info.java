/**
 * Clusters of processes, as a person runs them.
 *
 * <p>Lives here: one cluster that is started, broken, mended and stopped by the commands.
 *
 * <p>May depend on: the program, Kafka's own clients, the test kit.
 *
 * <p>Invariant: every process that a test starts has ended when the test has.
 */
@NullMarked
package io.headrace.standalone.cluster;

import org.jspecify.annotations.NullMarked;
