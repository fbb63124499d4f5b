/** Tests of the recovery of lost metadata. */
@NullMarked
package io.headrace.coordinator.recovery;

import org.jspecify.annotations.NullMarked;
