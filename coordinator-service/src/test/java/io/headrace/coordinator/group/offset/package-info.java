/** Tests of committed offsets. */
@NullMarked
package io.headrace.coordinator.group.offset;

import org.jspecify.annotations.NullMarked;
