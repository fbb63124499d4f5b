/**
 * Pulls records from the leaders that this node's replicas follow.
 *
 * <p>Lives here: one fetch loop for each leader and each loop of partitions, its fetch session
 * (KIP-227), the authenticated connection that it has to itself, and the throttle of replicas that
 * catch up, and reads from other replicas for repairs.
 *
 * <p>May depend on: {@code partition}, {@code repair}, {@code config}, {@code protocol}, {@code
 * transport}; never on handlers, files or Spring.
 *
 * <p>Invariant: records are handed to a partition only if they answer a fetch from its present log
 * end in its present leader epoch.
 */
@NullMarked
package io.headrace.storage.fetcher;

import org.jspecify.annotations.NullMarked;
