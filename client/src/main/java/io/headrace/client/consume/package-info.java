/**
 * Reading partitions: positions, fetch sessions, back-pressure.
 *
 * <p>Lives here: {@link io.headrace.client.consume.Consumer}, its options and its pure cores (fetch
 * session, positions).
 *
 * <p>May depend on: {@code metadata}, {@code connection}, {@code error} and {@code protocol}.
 *
 * <p>Invariant: a subscriber gets the records of a partition in order, each once, and never more
 * than it asked for.
 */
@NullMarked
package io.headrace.client.consume;

import org.jspecify.annotations.NullMarked;
