/**
 * How a forwarded request comes to the shards it is about.
 *
 * <p>Lives here: the router to this coordinator's shards, handlers of APIs about one shard, about
 * many and about all, the gathering of answers.
 *
 * <p>May depend on: {@code handler}'s interface, {@code shard}, {@code metadata}.
 *
 * <p>Invariant: a request of several shards is answered once, when all of them have answered.
 */
@NullMarked
package io.headrace.coordinator.handler.routing;

import org.jspecify.annotations.NullMarked;
