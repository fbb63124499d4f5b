/**
 * Streams of records that are pushed: server-sent events and the WebSocket.
 *
 * <p>Lives here: the WebSocket's frames, credits, selections of topics, the two handlers.
 *
 * <p>May depend on: record, fanout, problem, config.
 *
 * <p>Invariant: nothing is queued for a reader that takes nothing; every delivery carries the
 * cursor to resume after it.
 */
@NullMarked
package io.headrace.gateway.subscription;

import org.jspecify.annotations.NullMarked;
