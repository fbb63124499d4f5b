/**
 * One segment of a log: the records file and its sparse indexes, byte-compatible with Kafka's.
 *
 * <p>Lives here: the segment, the index files by offset and by time, the index of aborted
 * transactions, the walk over batch headers in a file.
 *
 * <p>May depend on: {@code file} and {@code protocol.batch}.
 *
 * <p>Invariant: an index only saves reading; whatever it says is checked against the batch header
 * it points at.
 */
@NullMarked
package io.headrace.storage.segment;

import org.jspecify.annotations.NullMarked;
