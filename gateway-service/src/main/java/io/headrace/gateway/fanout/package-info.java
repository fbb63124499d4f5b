/**
 * One fetch per partition for all who read it.
 *
 * <p>Lives here: feeds of recent records, readers that are pulled, the port to the log.
 *
 * <p>May depend on: the client; no Spring.
 *
 * <p>Invariant: each reader gets every record of its partitions once and in order; memory is
 * bounded whatever readers do.
 */
@NullMarked
package io.headrace.gateway.fanout;

import org.jspecify.annotations.NullMarked;
