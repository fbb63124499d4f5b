/**
 * Event loops: the threads that own connections and partitions.
 *
 * <p>Lives here: {@link io.headrace.transport.loop.Loop}, a single thread that runs tasks in the
 * order they arrive, and groups of them.
 *
 * <p>May depend on: Netty; no other room.
 *
 * <p>Invariant: a task on a loop never blocks; what one loop owns, no other thread touches.
 */
@NullMarked
package io.headrace.transport.loop;

import org.jspecify.annotations.NullMarked;
