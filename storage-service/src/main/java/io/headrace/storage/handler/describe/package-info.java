/**
 * What a client asks about the cluster and about this node.
 *
 * <p>Lives here: the handlers of Metadata and its kin, of coordinators and of log directories, and
 * the creation of a topic that somebody asked for.
 *
 * <p>May depend on: {@code handler.request}, {@code handler.forwarding} and what they may; never on
 * Spring.
 *
 * <p>Invariant: a topic that was just created is told of only once it is led; coordinators are
 * never shown to clients.
 */
@NullMarked
package io.headrace.storage.handler.describe;

import org.jspecify.annotations.NullMarked;
