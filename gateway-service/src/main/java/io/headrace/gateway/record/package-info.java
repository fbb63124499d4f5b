/**
 * Producing and consuming over HTTP.
 *
 * <p>Lives here: record bodies and their JSON forms, cursors, the pool of producers, the two
 * handlers.
 *
 * <p>May depend on: the client, fanout, problem, config.
 *
 * <p>Invariant: what is read, given back, is stored as the same bytes; a cursor alone suffices to
 * go on.
 */
@NullMarked
package io.headrace.gateway.record;

import org.jspecify.annotations.NullMarked;
