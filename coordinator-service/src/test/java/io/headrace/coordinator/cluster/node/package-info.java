/** Tests of {@code cluster.node}. */
@NullMarked
package io.headrace.coordinator.cluster.node;

import org.jspecify.annotations.NullMarked;
