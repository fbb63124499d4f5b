/**
 * The gateway: HTTP, server-sent events and WebSocket in front of a cluster.
 *
 * <p>Lives here: the application class.
 *
 * <p>May depend on: all rooms of the gateway.
 *
 * <p>Invariant: the gateway holds no state that must survive; any replica can take over from any
 * other.
 */
@NullMarked
package io.headrace.gateway;

import org.jspecify.annotations.NullMarked;
