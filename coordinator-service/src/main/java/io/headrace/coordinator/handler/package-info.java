/**
 * The coordinator's APIs as the wire shows them, one class each.
 *
 * <p>Lives here: handlers of the nodes' own requests, the contract of forwarded ones, the table of
 * served versions, the way from a frame to a handler and back. Forwarded requests have rooms by
 * what they are about: {@code admin}, {@code group}, {@code share}, {@code transaction}.
 *
 * <p>May depend on: the cores, {@code metadata}, transport and protocol; never on Spring.
 *
 * <p>Invariant: every request gets exactly one answer, and nothing but authentication and
 * ApiVersions is served before the connection proved that it belongs to a node.
 */
@NullMarked
package io.headrace.coordinator.handler;

import org.jspecify.annotations.NullMarked;
