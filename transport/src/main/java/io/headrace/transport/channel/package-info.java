/**
 * The connecting end: requests multiplexed over one connection.
 *
 * <p>Lives here: {@link io.headrace.transport.channel.ChannelFactory} and {@link
 * io.headrace.transport.channel.ClientChannel}.
 *
 * <p>May depend on: the rooms frame and loop.
 *
 * <p>Invariant: every request's future completes exactly once: with its answer, by timeout, or when
 * the connection ends.
 */
@NullMarked
package io.headrace.transport.channel;

import org.jspecify.annotations.NullMarked;
