/**
 * How what waits for the disk waits together: many logs, few flushes.
 *
 * <p>Lives here: the group commit, which makes the new records of many logs durable in one round;
 * the small files that are replaced together; a log's blocking tasks, one after the other.
 *
 * <p>May depend on: {@code journal}, {@code file}, {@code segment}, and {@code diskwatch}, which
 * hears how long the rounds take. Knows no logs.
 *
 * <p>Invariant: whoever is answered without a failure finds after a loss of power what it had
 * written before it asked.
 */
@NullMarked
package io.headrace.storage.commit;

import org.jspecify.annotations.NullMarked;
