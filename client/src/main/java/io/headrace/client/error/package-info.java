/**
 * What can go wrong, as exceptions that say what to do.
 *
 * <p>Lives here: {@link io.headrace.client.error.HeadraceException} and its kinds.
 *
 * <p>May depend on: Kafka's error codes.
 *
 * <p>Invariant: every failure that the client reports carries an error code and whether it is
 * retriable.
 */
@NullMarked
package io.headrace.client.error;

import org.jspecify.annotations.NullMarked;
