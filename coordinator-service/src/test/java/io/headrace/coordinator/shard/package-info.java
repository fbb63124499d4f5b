/** Tests of shards, over a simulated loop and log. */
@NullMarked
package io.headrace.coordinator.shard;

import org.jspecify.annotations.NullMarked;
