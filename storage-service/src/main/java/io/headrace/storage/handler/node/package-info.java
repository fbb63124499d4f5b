/**
 * What only nodes of this cluster ask.
 *
 * <p>Lives here: the handlers of coordinators' appends and read checks of shards, of transaction
 * markers, and of the report of metadata that a recovery gathers.
 *
 * <p>May depend on: {@code handler.request}, {@code handler.forwarding} and what they may; never on
 * Spring.
 *
 * <p>Invariant: nothing here is served to a connection that did not prove to be a node's, but the
 * abort of a transaction that no coordinator knows of.
 */
@NullMarked
package io.headrace.storage.handler.node;

import org.jspecify.annotations.NullMarked;
