/**
 * What is sent, and how it is asked for.
 *
 * <p>Lives here: {@link io.headrace.client.produce.Producer}, {@link
 * io.headrace.client.produce.TransactionalProducer}, their options, records and results; which
 * partition a key belongs to.
 *
 * <p>May depend on: {@code protocol}; no other room.
 *
 * <p>Invariant: a record goes to the partition that Kafka's own clients choose for its key.
 */
@NullMarked
package io.headrace.client.produce;

import org.jspecify.annotations.NullMarked;
