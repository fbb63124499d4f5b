/**
 * Work on the cluster's metadata database while the coordinators are stopped.
 *
 * <p>Lives here: {@code headrace metadata}.
 *
 * <p>May depend on: the coordinator's metadata room, picocli; no other room of commands.
 *
 * <p>Invariant: a database that holds a cluster is never overwritten.
 */
@NullMarked
package io.headrace.standalone.metadata;

import org.jspecify.annotations.NullMarked;
