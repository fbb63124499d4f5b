/**
 * {@code headrace bench}: speed, measured side by side with Apache Kafka.
 *
 * <p>Lives here: the command, the contenders it starts in turn, the loads it puts on them.
 *
 * <p>May depend on: nothing of the platform but its command line; contenders are other processes.
 *
 * <p>Invariant: both sides get the same load from the same client, each on fresh disks, in turn; a
 * run with errors or missing records is no result.
 */
@NullMarked
package io.headrace.standalone.bench;

import org.jspecify.annotations.NullMarked;
