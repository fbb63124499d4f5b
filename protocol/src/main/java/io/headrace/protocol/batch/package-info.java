/**
 * Record batches: reading, validating and building the bytes that producers send and logs store.
 *
 * <p>Lives here: the layout of a batch (format 2), views over it in place, the rules for produced
 * data, a builder, and bounded readers of records.
 *
 * <p>May depend on: Kafka's compression streams and error codes; nothing else of this project.
 *
 * <p>Invariant: bytes are hostile until validated; no length in them decides how much is allocated.
 */
@NullMarked
package io.headrace.protocol.batch;

import org.jspecify.annotations.NullMarked;
