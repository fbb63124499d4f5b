/**
 * How two nodes of a cluster prove themselves to each other.
 *
 * <p>Lives here: the cluster secret and both ends of the AuthenticateNode exchange.
 *
 * <p>May depend on: the room channel.
 *
 * <p>Invariant: the secret never travels; a proof is good for one connection only.
 */
@NullMarked
package io.headrace.transport.auth;

import org.jspecify.annotations.NullMarked;
