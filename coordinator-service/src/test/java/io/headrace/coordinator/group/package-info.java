/** Tests of groups. */
@NullMarked
package io.headrace.coordinator.group;

import org.jspecify.annotations.NullMarked;
