/**
 * The metadata log's records and the immutable image that every node builds from them.
 *
 * <p>Lives here: the codec of metadata records, {@link io.headrace.protocol.metadata.MetadataImage}
 * and its parts.
 *
 * <p>May depend on: the codec and batch rooms, persistent collections; no I/O, no threads, no
 * clock.
 *
 * <p>Invariant: an image is a function of the records applied, in order; applying k changes costs
 * O(k log n) and never disturbs a reader of an older image.
 */
@NullMarked
package io.headrace.protocol.metadata;

import org.jspecify.annotations.NullMarked;
