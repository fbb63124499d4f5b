/**
 * The share state APIs as storage nodes and coordinators ask them.
 *
 * <p>Lives here: the handlers that bring a request to the shards of its share partitions and the
 * answers back together.
 *
 * <p>May depend on: {@code handler}'s interface, {@code routing}, {@code shard}, {@code share},
 * {@code metadata}.
 *
 * <p>Invariant: a request of several shards is answered once, when all of them have answered.
 */
@NullMarked
package io.headrace.coordinator.handler.share;

import org.jspecify.annotations.NullMarked;
