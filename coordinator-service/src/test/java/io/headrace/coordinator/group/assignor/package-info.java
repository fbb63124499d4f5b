/** Tests of the room of the same name. */
@NullMarked
package io.headrace.coordinator.group.assignor;

import org.jspecify.annotations.NullMarked;
