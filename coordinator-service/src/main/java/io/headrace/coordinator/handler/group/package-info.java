/**
 * The group APIs as storage nodes forward them.
 *
 * <p>Lives here: the handlers that bring a request to the shards of its groups and the answers back
 * together.
 *
 * <p>May depend on: {@code handler}'s interface, {@code routing}, {@code shard}, {@code group},
 * {@code metadata}.
 *
 * <p>Invariant: a request of several shards is answered once, when all of them have answered.
 */
@NullMarked
package io.headrace.coordinator.handler.group;

import org.jspecify.annotations.NullMarked;
