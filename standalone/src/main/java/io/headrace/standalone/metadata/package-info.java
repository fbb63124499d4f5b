/**
 * Work on the cluster's metadata database.
 *
 * <p>Lives here: {@code headrace metadata}.
 *
 * <p>May depend on: the coordinator's metadata and recovery rooms, its collector of nodes' reports,
 * transport's secret, {@code command}'s printer, picocli; no other room of commands.
 *
 * <p>Invariant: a database that holds a cluster is never overwritten, but by a recovery that was
 * asked for with {@code --apply}, and then what it held is in a file.
 */
@NullMarked
package io.headrace.standalone.metadata;

import org.jspecify.annotations.NullMarked;
