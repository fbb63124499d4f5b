/**
 * A partition's log: offsets assigned, batches appended, read, flushed, retained and truncated.
 *
 * <p>Lives here: {@link PartitionLog}, the store of all logs of a node, the window of warm bytes,
 * the typed configuration.
 *
 * <p>May depend on: {@code commit}, {@code segment}, {@code epoch}, {@code producer}, {@code
 * recovery}, {@code file}, and {@code protocol}; never on sockets or Spring.
 *
 * <p>Invariant: an offset reported flushed is durable and never reused with other content.
 */
@NullMarked
package io.headrace.storage.log;

import org.jspecify.annotations.NullMarked;
