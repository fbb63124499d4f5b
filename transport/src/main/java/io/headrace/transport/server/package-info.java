/**
 * The accepting end: connections, their requests and their answers in order.
 *
 * <p>Lives here: {@link io.headrace.transport.server.FrameServer} and what a handler sees of a
 * connection.
 *
 * <p>May depend on: the rooms frame and loop.
 *
 * <p>Invariant: answers leave a connection in the order of its requests; connections, requests in
 * flight and memory are bounded; a peer that does not read is not read from.
 */
@NullMarked
package io.headrace.transport.server;

import org.jspecify.annotations.NullMarked;
