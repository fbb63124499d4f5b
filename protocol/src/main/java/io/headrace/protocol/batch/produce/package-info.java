/**
 * What producers may send.
 *
 * <p>Lives here: the rules of a topic for produced batches, the validator that judges a batch by
 * them, and its verdict.
 *
 * <p>May depend on: {@code batch}, Kafka's error codes; nothing else of this project.
 *
 * <p>Invariant: a batch is appended only with a verdict that accepts it; a batch that needs no
 * change is not copied.
 */
@NullMarked
package io.headrace.protocol.batch.produce;

import org.jspecify.annotations.NullMarked;
