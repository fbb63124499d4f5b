/**
 * Bytes of a socket to frames and back.
 *
 * <p>Lives here: the length-prefixed frame decoder, the writer of outbound frames, the budget of
 * memory that frames may hold.
 *
 * <p>May depend on: Netty and the protocol module; no other room.
 *
 * <p>Invariant: memory is taken as bytes arrive, never by what a length field claims.
 */
@NullMarked
package io.headrace.transport.frame;

import org.jspecify.annotations.NullMarked;
