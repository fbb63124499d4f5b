/**
 * A network that loses, delays, repeats, reorders and parts.
 *
 * <p>Here: messages between nodes on the manual event loop, and a gate between real sockets.
 *
 * <p>Depends on {@code clock}.
 *
 * <p>Invariant: the same seed and the same sends give the same deliveries.
 */
@NullMarked
package io.headrace.testkit.network;

import org.jspecify.annotations.NullMarked;
