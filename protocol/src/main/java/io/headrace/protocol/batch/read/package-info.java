/**
 * Batches as a consumer sees them.
 *
 * <p>Lives here: which records of fetched batches are visible, in transactions and out of them, and
 * the search for a record by its timestamp.
 *
 * <p>May depend on: {@code batch}; nothing else of this project.
 *
 * <p>Invariant: a record of an aborted or open transaction is never shown to who reads committed
 * ones.
 */
@NullMarked
package io.headrace.protocol.batch.read;

import org.jspecify.annotations.NullMarked;
