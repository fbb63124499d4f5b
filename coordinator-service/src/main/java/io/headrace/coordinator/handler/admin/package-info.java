/**
 * What administrators ask of the cluster, forwarded by the storage node that they asked.
 *
 * <p>Lives here: one handler for each such API, which makes a command of the request and an answer
 * of what the controller decided.
 *
 * <p>May depend on: {@code handler}'s contracts, {@code cluster}, {@code metadata}, protocol; never
 * on Spring.
 *
 * <p>Invariant: what the controller refuses is answered in the form of its API, and nothing is
 * decided here.
 */
@NullMarked
package io.headrace.coordinator.handler.admin;

import org.jspecify.annotations.NullMarked;
