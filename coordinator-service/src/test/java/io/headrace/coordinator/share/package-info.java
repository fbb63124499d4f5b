/** Tests of the state of share partitions: the rules one by one, and all of them by simulation. */
@NullMarked
package io.headrace.coordinator.share;

import org.jspecify.annotations.NullMarked;
