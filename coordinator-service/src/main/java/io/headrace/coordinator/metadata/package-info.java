/**
 * The truth about the cluster, in SQL, and its way to the other services.
 *
 * <p>Lives here: the SQL store and its fence, the controller that takes decisions of the {@code
 * cluster} core through it, the metadata log in memory with its waiting readers, snapshots.
 *
 * <p>May depend on: {@code cluster}, protocol, Spring Data JDBC; all SQL runs on one thread.
 *
 * <p>Invariant: nothing is published or answered before its transaction committed in the
 * controller's own epoch.
 */
@NullMarked
package io.headrace.coordinator.metadata;

import org.jspecify.annotations.NullMarked;
