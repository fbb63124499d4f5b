/**
 * {@code headrace bench failover}: how long clients wait when a node is lost.
 *
 * <p>Lives here: the command, the probe that sends and reads all the while, the faults it is
 * measured under.
 *
 * <p>May depend on: {@code cluster}, Kafka's own Java clients, the test kit's checkers.
 *
 * <p>Invariant: a figure counts only if nothing acknowledged was lost, doubled or reordered.
 */
@NullMarked
package io.headrace.standalone.failover;

import org.jspecify.annotations.NullMarked;
