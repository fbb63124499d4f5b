/**
 * Who leads what: the client's view of the cluster.
 *
 * <p>Lives here: the snapshot of topics, leaders and nodes, and its refresh.
 *
 * <p>May depend on: {@code connection}, {@code error} and {@code protocol}.
 *
 * <p>Invariant: a snapshot never replaces a leader by one of an older leader epoch.
 */
@NullMarked
package io.headrace.client.metadata;

import org.jspecify.annotations.NullMarked;
